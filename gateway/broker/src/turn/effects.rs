//! The effects of a turn, which the core carries out afterwards: flush a session, notify a connection, schedule a
//! timer, await a commit.

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
    /// Connections to be woken after the next commit.
    connections_to_wake: Vec<Arc<Signals>>,
    /// The earliest commit that something waits for.
    awaited_commit: Option<Commit>,
}

impl Effects {
    /// Asks the core to write the bytes waiting for the session's connection before it sleeps.
    pub fn flush(&mut self, handle: &Arc<SessionHandle>) {
        if handle.mark() {
            self.flushes.push(Arc::clone(handle));
        }
    }

    /// Asks the core to set a signal of a connection and wake it.
    pub(crate) fn notify(&mut self, signals: &Arc<Signals>, signal: Signal) {
        self.notifications.push((Arc::clone(signals), signal));
    }

    /// Asks the core to call [`crate::Broker::timeout`] when the timer is due.
    pub(crate) fn schedule(&mut self, timer: Timer) {
        self.timers.push(timer);
    }

    /// Asks the core to call [`crate::Broker::commit_reached`] when the store next reports a commit, or immediately if
    /// `commit` is already reached when the core carries out this effect.
    pub(crate) fn await_commit(&mut self, commit: Commit) {
        self.awaited_commit = Some(self.awaited_commit.map_or(commit, |awaited| awaited.min(commit)));
    }

    /// Does the same as [`Self::await_commit`], and also asks the core to notify the connection with
    /// [`Signal::Committed`] at that time.
    pub(crate) fn wake_at_commit(&mut self, signals: &Arc<Signals>, commit: Commit) {
        self.connections_to_wake.push(Arc::clone(signals));
        self.await_commit(commit);
    }

    /// Whether there are no effects other than flushes.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.notifications.is_empty() && self.timers.is_empty() && self.awaited_commit.is_none()
    }

    /// Whether there are sessions to be flushed.
    #[must_use]
    pub fn has_flushes(&self) -> bool {
        !self.flushes.is_empty()
    }

    /// Moves the sessions to be flushed to the end of `into`, each once.
    pub fn take_flushes(&mut self, into: &mut Vec<Arc<SessionHandle>>) {
        into.append(&mut self.flushes);
    }

    /// Takes the notifications for connections.
    pub fn take_notifications(&mut self) -> impl Iterator<Item = (Arc<Signals>, Signal)> {
        self.notifications.drain(..)
    }

    /// Takes the timers to be added to the core's [`crate::TimerQueue`].
    pub fn take_timers(&mut self) -> impl Iterator<Item = Timer> {
        self.timers.drain(..)
    }

    /// Takes the connections to wake after the next commit, and moves them to the end of `into`.
    pub fn take_connections_to_wake(&mut self, into: &mut Vec<Arc<Signals>>) {
        into.append(&mut self.connections_to_wake);
    }

    /// Takes the earliest commit that something waits for.
    pub fn take_awaited_commit(&mut self) -> Option<Commit> {
        self.awaited_commit.take()
    }
}
