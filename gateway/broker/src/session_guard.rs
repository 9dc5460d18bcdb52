//! The lock of a session, for every operation that changes the session. Finishing the guard stores the changes, counts
//! the dropped messages, and asks for a flush, each exactly once.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::thread;

use parking_lot::MutexGuard;
use tidegate_limits::PEER_LOG_TARGET;
use tidegate_persistence::Commit;

use crate::durability::{Durability, PublishScope};
use crate::session_handle::{SessionHandle, SessionKey, State};
use crate::turn::Turn;

/// A locked session. [`Self::finish`] unlocks the session; dropping the guard instead is a defect, which debug builds
/// report.
#[must_use = "`finish` stores the changes, counts the drops and flushes"]
pub struct SessionGuard<'a> {
    handle: &'a Arc<SessionHandle>,
    durability: &'a Durability,
    state: MutexGuard<'a, State>,
    is_finished: bool,
}

impl<'a> SessionGuard<'a> {
    pub(crate) fn new(
        handle: &'a Arc<SessionHandle>,
        durability: &'a Durability,
        state: MutexGuard<'a, State>,
    ) -> Self {
        Self { handle, durability, state, is_finished: false }
    }

    /// Appends the session's changes to the store, unlocks the session, and returns the commit that covers the changes.
    /// The changes are appended under the lock, so that the store gets them in order.
    #[must_use = "an answer must wait for the commit"]
    pub fn finish(self, turn: &mut Turn<'_>) -> Commit {
        self.finish_in(turn, None)
    }

    /// Finishes like [`Self::finish`], but does not ask for a flush, because the caller writes the waiting bytes.
    pub(crate) fn finish_quietly(mut self, turn: &mut Turn<'_>) {
        let _ = self.save(turn, None);
        self.count_drops(turn);
        self.is_finished = true;
    }

    /// Finishes like [`Self::finish`] as part of a publish. If the publish takes several turns, its changes are added
    /// to its `scope`, and the returned commit does not cover them.
    #[must_use = "an answer must wait for the commit"]
    pub(crate) fn finish_in(mut self, turn: &mut Turn<'_>, scope: Option<&Arc<PublishScope>>) -> Commit {
        let commit = self.save(turn, scope);
        self.count_drops(turn);
        self.is_finished = true;
        let is_writable = self.state.connection.as_ref().is_some_and(|connection| !connection.blocked);
        let has_output = is_writable && !self.state.session.write_buffer().is_empty();
        let handle = self.handle;
        drop(self);
        if has_output {
            turn.effects.flush(handle);
        }
        commit
    }

    /// Appends the changes made so far to the store, and returns the commit that covers them. Afterwards, this function
    /// sends the packets whose commit is already reached.
    #[inline]
    pub(crate) fn save(&mut self, turn: &mut Turn<'_>, scope: Option<&Arc<PublishScope>>) -> Commit {
        self.durability.save_changes(turn, self.handle, &mut self.state, scope)
    }

    /// Returns the session's handle.
    pub(crate) fn handle(&self) -> &Arc<SessionHandle> {
        self.handle
    }

    /// Records that packets and changes from here on may be part of the unfinished publish that `scope` belongs to.
    pub(crate) fn join_scope(&mut self, scope: &Arc<PublishScope>) {
        let position = self.state.session.next_awaiting_position();
        self.state.open_scopes.get_or_insert_default().join(scope, self.handle, position);
    }

    /// Adapts the open scopes of the session to a new connection. Returns whether something in the session is part of a
    /// publish of several turns that is not committed.
    pub(crate) fn move_scopes_to_new_connection(&mut self) -> bool {
        if let Some(scopes) = &mut self.state.open_scopes {
            scopes.move_to_new_connection();
        }
        self.state.open_scopes.is_some() || !self.durability.is_committed(self.state.scope_commit)
    }

    /// Counts the messages that the session has dropped.
    #[inline]
    fn count_drops(&mut self, turn: &mut Turn<'_>) {
        if self.state.session.has_drops() {
            self.count_and_report_drops(turn);
        }
    }

    /// Counts drops. If messages were dropped because the queue is full or the client reads too slowly, logs the first
    /// such drop of each connection.
    #[cold]
    #[inline(never)]
    fn count_and_report_drops(&mut self, turn: &mut Turn<'_>) {
        turn.count_for(self.handle.tenant());
        let drops = self.state.session.take_drops();
        turn.counters.add_drops(&drops);
        if drops.queue_full + drops.slow == 0 || mem::replace(&mut self.state.has_reported_drops, true) {
            return;
        }
        let SessionKey { tenant, client_id } = self.handle.key();
        let (queue_full, slow) = (drops.queue_full, drops.slow);
        tracing::info!(
            target: PEER_LOG_TARGET,
            client = &**client_id,
            tenant = &**tenant,
            queue_full,
            slow,
            "dropping messages for a client whose queue is full or who reads too slowly; further drops of this \
             connection are only counted"
        );
    }

    /// Sends the packets that waited for a commit that is now reached.
    pub(crate) fn release_committed(&mut self, turn: &mut Turn<'_>) {
        self.durability.release_committed(turn, self.handle, &mut self.state);
    }
}

impl Deref for SessionGuard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for SessionGuard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for SessionGuard<'_> {
    fn drop(&mut self) {
        debug_assert!(self.is_finished || thread::panicking(), "the changes of a session were not stored");
    }
}
