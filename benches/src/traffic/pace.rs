//! When the next message is due: at once within a window, or at fixed times.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use crate::error::LoadError;

/// Decides when publishers send.
#[derive(Debug)]
pub enum Pace {
    /// Closed loop: each publisher may have this many undelivered messages.
    Window(u64),
    /// Closed loop: each publisher may have this many unacknowledged messages.
    Unacknowledged(u64),
    /// Open loop: messages are sent at fixed times, without waiting for the broker.
    Schedule(Schedule),
}

/// Evenly spaced times. The publishers send in turn.
#[derive(Debug)]
pub struct Schedule {
    per_second: u64,
    /// Nanoseconds between two bursts. 0: each message is sent at its own time.
    tick: u64,
    issued: u64,
    began: u64,
    timer: OwnedFd,
}

impl Schedule {
    /// `per_second` messages in total. With a `tick`, the messages that became due since the last tick are sent together.
    pub fn new(per_second: u64, tick: Duration) -> Result<Self, LoadError> {
        let tick = u64::try_from(tick.as_nanos()).unwrap_or(u64::MAX);
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK)
            .map_err(|error| LoadError::Io { doing: "creating a timer", source: error.into() })?;
        Ok(Self { per_second: per_second.max(1), tick, issued: 0, began: 0, timer })
    }

    /// Registers for an event under `token` whenever the timer expires.
    pub fn register(&self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        registry
            .register(&mut SourceFd(&self.timer.as_raw_fd()), Token(token), Interest::READABLE)
            .map_err(LoadError::io("registering a timer with epoll"))
    }

    /// Starts the schedule: the first message is due at `now`, in nanoseconds of the run's clock.
    pub fn begin(&mut self, now: u64) {
        self.began = now;
    }

    /// When the next message is due.
    pub fn due(&self) -> u64 {
        let seconds = self.issued / self.per_second;
        let rest = self.issued % self.per_second;
        self.began + seconds * 1_000_000_000 + rest * 1_000_000_000 / self.per_second
    }

    /// When the next message is to be sent: when it is due, or at the next tick after that.
    pub fn release(&self) -> u64 {
        match self.tick {
            0 => self.due(),
            tick => self.due().next_multiple_of(tick),
        }
    }

    /// Number of messages sent so far.
    pub const fn issued(&self) -> u64 {
        self.issued
    }

    /// Notes that the next message has been sent.
    pub fn advance(&mut self) {
        self.issued += 1;
    }

    /// Sets the timer to when the next message is to be sent.
    pub fn arm(&self, now: u64) -> Result<(), LoadError> {
        let wait = Duration::from_nanos(self.release().saturating_sub(now).max(1));
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Timespec::try_from(wait).unwrap_or(zero);
        timerfd_settime(
            &self.timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: zero, it_value: value },
        )
        .map_err(|error| LoadError::Io { doing: "setting a timer", source: error.into() })?;
        Ok(())
    }
}
