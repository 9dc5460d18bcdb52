//! What is due when on one core: keep alive, heartbeats, will delay, session expiry. Coarse, so that one wake serves many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::context::{Core, with_core};
use crate::broker::{Broker, SessionHandle, State};

/// Seats to look at, by time. A seat is looked at, not a purpose: the look finds what is due and says when to come again.
pub struct TimerQueue {
    origin: Instant,
    entries: BinaryHeap<Reverse<Entry>>,
    waker: Option<Waker>,
    armed: Option<Instant>,
}

struct Entry {
    at: Instant,
    /// The session's number: an entry keeps nothing alive.
    session: u64,
}

impl TimerQueue {
    /// An empty agenda whose ticks count from `origin`.
    #[must_use]
    pub fn new(origin: Instant) -> Self {
        Self { origin, entries: BinaryHeap::new(), waker: None, armed: None }
    }

    /// Has `handle` looked at not before `due`, unless it is looked at earlier anyway.
    ///
    /// Looks are never further apart than a minute, so that entries of sessions that are gone, or that were overtaken
    /// by earlier ones, do not pile up.
    pub fn schedule(&mut self, handle: &SessionHandle, state: &mut State, due: Instant, now: Instant) {
        let at = self.round_up(due.min(now + HORIZON));
        if state.scheduled.is_some_and(|scheduled| scheduled <= at) {
            return;
        }
        state.scheduled = Some(at);
        self.entries.push(Reverse(Entry { at, session: handle.id() }));
        if self.armed.is_none_or(|armed| at < armed)
            && let Some(waker) = &self.waker
        {
            waker.wake_by_ref();
        }
    }

    fn round_up(&self, due: Instant) -> Instant {
        let tick = TICK.as_millis();
        let since = due.saturating_duration_since(self.origin).as_millis();
        let rounded = u64::try_from(since.div_ceil(tick).saturating_mul(tick)).unwrap_or(u64::MAX);
        self.origin.checked_add(Duration::from_millis(rounded)).map_or(due, |at| at.max(due))
    }

    fn take_due(&mut self, now: Instant) -> Option<(Instant, u64)> {
        let due = self.entries.peek().is_some_and(|Reverse(entry)| entry.at <= now);
        if !due {
            return None;
        }
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.session))
    }

    fn arm(&mut self, waker: &Waker) -> Option<Instant> {
        if self.waker.as_ref().is_none_or(|known| !known.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
        self.armed = self.entries.peek().map(|Reverse(entry)| entry.at);
        self.armed
    }
}

/// Works the agenda of the core that polls this, for ever.
pub(super) async fn run(broker: Arc<Broker>) {
    let mut sleep = pin!(tokio::time::sleep(Duration::ZERO));
    poll_fn(|context| {
        loop {
            with_core(|core| handle_timeout(&broker, core));
            let Some(at) = with_core(|core| core.timers.arm(context.waker())) else { return Poll::Pending };
            sleep.as_mut().reset(at.into());
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

fn handle_timeout(broker: &Broker, core: &mut Core) {
    let now = Instant::now();
    while let Some((at, session)) = core.timers.take_due(now) {
        if let Some(handle) = broker.registry().find(session) {
            broker.handle_timeout(core, &handle, at, now);
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// The longest time between two looks at a seat that has something due.
const HORIZON: Duration = Duration::from_secs(60);
/// The agenda's grain: nothing is early, and at most this late.
const TICK: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
