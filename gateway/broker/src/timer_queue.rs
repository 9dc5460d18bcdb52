//! The timers of one core: keep alive, transport keep alive, delayed will, session expiry. Their times are coarse, so
//! that one wake-up serves many timers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// A timer of a session. When it is due, [`crate::Broker::timeout`] handles everything that is due for the session, and
/// schedules the next timer. A timer refers to its session by id only, so it does not keep the session in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// The time at which the timer is due.
    pub at: Instant,
    /// The session's id.
    pub session: u64,
}

/// Timers in the order of their times.
#[derive(Debug, Default)]
pub struct TimerQueue {
    entries: BinaryHeap<Reverse<Timer>>,
}

/// The times at which timers fire: multiples of a tick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimerGrid {
    origin: Instant,
}

impl TimerQueue {
    /// Adds a timer. Returns `true` if it is now the earliest one.
    pub fn insert(&mut self, timer: Timer) -> bool {
        let is_earliest = self.next().is_none_or(|next| timer.at < next);
        self.entries.push(Reverse(timer));
        is_earliest
    }

    /// Takes a timer that is due.
    pub fn take_due(&mut self, now: Instant) -> Option<Timer> {
        if self.next()? > now {
            return None;
        }
        self.entries.pop().map(|Reverse(timer)| timer)
    }

    /// Returns when the next timer is due.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.entries.peek().map(|Reverse(timer)| timer.at)
    }
}

impl TimerGrid {
    /// Creates a grid whose ticks count from `origin`.
    pub(crate) fn new(origin: Instant) -> Self {
        Self { origin }
    }

    /// Returns the time for a timer of something that is due at `due`. The returned time is never before `due` and at
    /// most one tick later, but not more than about a minute after `now`. Because of this limit, obsolete timers (of
    /// sessions that ended, or that got an earlier timer) do not accumulate.
    pub(crate) fn time(&self, due: Instant, now: Instant) -> Instant {
        let due = due.min(now + TIMER_DELAY_MAX);
        let tick = TICK.as_millis();
        let since = due.saturating_duration_since(self.origin).as_millis();
        let rounded = u64::try_from(since.div_ceil(tick).saturating_mul(tick)).unwrap_or(u64::MAX);
        self.origin.checked_add(Duration::from_millis(rounded)).map_or(due, |at| at.max(due))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.session).cmp(&(other.at, other.session))
    }
}

/// Maximum time until a timer fires. If something is due later than that, the session gets another timer.
const TIMER_DELAY_MAX: Duration = Duration::from_secs(60);
/// The resolution of timers, which fire at most this much late and never early. It is short compared with keep alive
/// intervals, which are seconds, and lets timers that are due together share a wake-up.
const TICK: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
