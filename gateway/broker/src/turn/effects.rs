//! What a turn leaves for its caller to carry out: flush, notify, schedule, await a commit.

use std::sync::Arc;

use tidegate_persistence::Commit;

use crate::session_handle::SessionHandle;
use crate::signals::{Signal, Signals};
use crate::timer_queue::Timer;

/// Effects in the order in which verbs asked for them. The caller takes each kind and carries it out.
#[derive(Default)]
pub struct Effects {
    flushes: Vec<Arc<SessionHandle>>,
    notifications: Vec<(Arc<Signals>, Signal)>,
    timers: Vec<Timer>,
    waiting: Vec<Arc<Signals>>,
    awaited: Option<Commit>,
}

impl Effects {
    /// Bytes wait for the session's connection: write them before the core sleeps.
    pub fn flush(&mut self, handle: &Arc<SessionHandle>) {
        if handle.mark() {
            self.flushes.push(Arc::clone(handle));
        }
    }

    /// Tells a connection something, and wakes it.
    pub(crate) fn notify(&mut self, signals: &Arc<Signals>, signal: Signal) {
        self.notifications.push((Arc::clone(signals), signal));
    }

    /// Comes back to a session at a time.
    pub(crate) fn schedule(&mut self, timer: Timer) {
        self.timers.push(timer);
    }

    /// Calls [`crate::Broker::commit_reached`] after the next commit; at once if `commit` is reached by the time this is
    /// carried out.
    pub(crate) fn await_commit(&mut self, commit: Commit) {
        self.awaited = Some(self.awaited.map_or(commit, |awaited| awaited.min(commit)));
    }

    /// The same, and gives the connection [`Signal::Committed`] then.
    pub(crate) fn wake_at_commit(&mut self, signals: &Arc<Signals>, commit: Commit) {
        self.waiting.push(Arc::clone(signals));
        self.await_commit(commit);
    }

    /// Whether there is nothing to carry out except flushes.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.notifications.is_empty() && self.timers.is_empty() && self.awaited.is_none()
    }

    /// Whether sessions have bytes to write.
    #[must_use]
    pub fn has_flushes(&self) -> bool {
        !self.flushes.is_empty()
    }

    /// Moves the sessions whose bytes wait, each once, to the end of `into`.
    pub fn take_flushes(&mut self, into: &mut Vec<Arc<SessionHandle>>) {
        into.append(&mut self.flushes);
    }

    /// Takes what connections have to be told.
    pub fn take_notifications(&mut self) -> impl Iterator<Item = (Arc<Signals>, Signal)> {
        self.notifications.drain(..)
    }

    /// Takes the timers to be added to the core's [`crate::TimerQueue`].
    pub fn take_timers(&mut self) -> impl Iterator<Item = Timer> {
        self.timers.drain(..)
    }

    /// Takes the connections to wake after the next commit, and moves them to the end of `into`.
    pub fn take_waiting(&mut self, into: &mut Vec<Arc<Signals>>) {
        into.append(&mut self.waiting);
    }

    /// Takes the earliest commit that something waits for.
    pub fn take_awaited(&mut self) -> Option<Commit> {
        self.awaited.take()
    }
}
