//! Decides when the next message is due: immediately within a window, or at fixed times.

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
    /// Closed loop: each publisher may have the given number of undelivered messages.
    Window(u64),
    /// Closed loop: each publisher may have the given number of unacknowledged messages.
    Unacknowledged(u64),
    /// Open loop: messages are sent at fixed times, without waiting for the broker.
    Schedule(Schedule),
}

/// A schedule of evenly spaced times. The publishers send in turn.
#[derive(Debug)]
pub struct Schedule {
    per_second: u64,
    /// Number of nanoseconds between two bursts. If the number is 0, the messages are sent one by one, evenly spaced.
    burst_interval: u64,
    sent_count: u64,
    started_at: u64,
    timer: OwnedFd,
}

impl Schedule {
    /// Creates a schedule of `per_second` messages of all publishers together. With a `burst_interval` above zero, the
    /// messages that became due since the last burst are sent together.
    pub fn new(per_second: u64, burst_interval: Duration) -> Result<Self, LoadError> {
        let burst_interval = u64::try_from(burst_interval.as_nanos()).unwrap_or(u64::MAX);
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK)
            .map_err(|error| LoadError::Io { doing: "creating a timer", source: error.into() })?;
        Ok(Self { per_second: per_second.max(1), burst_interval, sent_count: 0, started_at: 0, timer })
    }

    /// Registers the timer for readiness events under `token`.
    pub fn register(&self, registry: &Registry, token: usize) -> Result<(), LoadError> {
        registry
            .register(&mut SourceFd(&self.timer.as_raw_fd()), Token(token), Interest::READABLE)
            .map_err(LoadError::io("registering a timer with epoll"))
    }

    /// Starts the schedule: the first message is due at `now`, in nanoseconds of the run's clock.
    pub fn begin(&mut self, now: u64) {
        self.started_at = now;
    }

    /// Returns the time at which the next message is due.
    pub fn due_time(&self) -> u64 {
        let seconds = self.sent_count / self.per_second;
        let rest = self.sent_count % self.per_second;
        self.started_at + seconds * 1_000_000_000 + rest * 1_000_000_000 / self.per_second
    }

    /// Returns the time at which the next message is to be sent: the time at which it is due, or the next burst after
    /// that time.
    pub fn send_time(&self) -> u64 {
        match self.burst_interval {
            0 => self.due_time(),
            burst_interval => self.due_time().next_multiple_of(burst_interval),
        }
    }

    /// Returns the number of messages sent so far.
    pub const fn sent(&self) -> u64 {
        self.sent_count
    }

    /// Records that the next message has been sent.
    pub fn advance(&mut self) {
        self.sent_count += 1;
    }

    /// Sets the timer to the time at which the next message is to be sent.
    pub fn set_timer(&self, now: u64) -> Result<(), LoadError> {
        let wait = Duration::from_nanos(self.send_time().saturating_sub(now).max(1));
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
