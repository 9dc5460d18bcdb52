//! The sessions of one core that something is due for: keep alive, transport keep alive, delayed will, session expiry. Coarse,
//! so that one wake-up serves many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// One entry: [`crate::Broker::timeout`] looks at the session at that time. An entry names a session, not a purpose: the verb
/// finds what is due and schedules the next entry. It keeps nothing alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer {
    /// When.
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
    /// Adds a timer; `true` when it is the earliest now.
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

    /// When the next one is due.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.entries.peek().map(|Reverse(timer)| timer.at)
    }
}

impl TimerGrid {
    /// A grid whose ticks count from `origin`.
    pub(crate) fn new(origin: Instant) -> Self {
        Self { origin }
    }

    /// The time of a timer for what is due at `due`: never before, at most a tick later, and never more than a minute from
    /// `now`. Timers of sessions that ended, or were overtaken by earlier timers, so do not pile up.
    pub(crate) fn time(&self, due: Instant, now: Instant) -> Instant {
        let due = due.min(now + HORIZON);
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

/// The longest time between two looks at a session that has something due.
const HORIZON: Duration = Duration::from_secs(60);
/// The grain: nothing is early, and at most this late.
const TICK: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
