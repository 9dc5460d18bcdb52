//! The lock of a session for whoever changes it. Its end stores the changes, counts what was dropped, and has what waits
//! written: each exactly once.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::thread;

use parking_lot::MutexGuard;
use tidegate_persistence::Commit;

use crate::durability::{Durability, PublishScope};
use crate::session_handle::{SessionHandle, State};
use crate::turn::Turn;

/// A locked session. [`Self::finish`] ends it; dropping it instead is a defect, which debug builds report.
#[must_use = "`finish` stores the changes, counts the drops and flushes"]
pub struct SessionGuard<'a> {
    handle: &'a Arc<SessionHandle>,
    durability: &'a Durability,
    state: MutexGuard<'a, State>,
    finished: bool,
}

impl<'a> SessionGuard<'a> {
    pub(crate) fn new(
        handle: &'a Arc<SessionHandle>,
        durability: &'a Durability,
        state: MutexGuard<'a, State>,
    ) -> Self {
        Self { handle, durability, state, finished: false }
    }

    /// Unlocks the session when its changes are with the store; returns the commit that covers them. Changes are appended
    /// under the lock, so that the store has them in their order.
    #[must_use = "an answer must wait for the commit"]
    pub fn finish(self, turn: &mut Turn<'_>) -> Commit {
        self.finish_in(turn, None)
    }

    /// The same without a flush: the caller writes what waits.
    pub(crate) fn finish_quietly(mut self, turn: &mut Turn<'_>) {
        let _ = self.save(turn, None);
        self.count_drops(turn);
        self.finished = true;
    }

    /// The same for a publish that takes several turns: the changes that belong to it stay in its scope, and so does their
    /// commit.
    #[must_use = "an answer must wait for the commit"]
    pub(crate) fn finish_in(mut self, turn: &mut Turn<'_>, scope: Option<&Arc<PublishScope>>) -> Commit {
        let commit = self.save(turn, scope);
        self.count_drops(turn);
        self.finished = true;
        let is_writable = self.state.connection.as_ref().is_some_and(|connection| !connection.blocked);
        let has_output = is_writable && !self.state.session.write_buffer().is_empty();
        let handle = self.handle;
        drop(self);
        if has_output {
            turn.effects.flush(handle);
        }
        commit
    }

    /// Stores the changes so far. What goes out after that, because it is committed already, may come after them.
    #[inline]
    pub(crate) fn save(&mut self, turn: &mut Turn<'_>, scope: Option<&Arc<PublishScope>>) -> Commit {
        self.durability.save_changes(turn, self.handle, &mut self.state, scope)
    }

    /// Notes that a message which is not stored with this session is part of a publish that takes several turns.
    pub(crate) fn keep_in_scope(&mut self, scope: &Arc<PublishScope>, message: u64) {
        self.state.open_scopes.get_or_insert_default().keep(scope, self.handle, message);
    }

    /// Whether something in the session is part of a publish that takes several turns and is not committed.
    pub(crate) fn has_uncommitted_scope(&self) -> bool {
        self.state.open_scopes.is_some() || !self.durability.is_committed(self.state.scope_commit)
    }

    fn count_drops(&mut self, turn: &Turn<'_>) {
        let drops = self.state.session.take_drops();
        if drops.total() > 0 {
            turn.counters.add_drops(&drops);
        }
    }

    /// Sends what waited for a commit that is reached.
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
        debug_assert!(self.finished || thread::panicking(), "the changes of a session were not stored");
    }
}
