//! What a session changed goes to the store; what it deferred goes out once that is kept. At QoS 2 that is what makes a
//! message exactly one: the sender's identifier, the receiver's entry, and the identifier that it has there.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use tidegate_persistence::Commit;

use super::session_handle::{SessionHandle, State};
use super::{Broker, SessionStore};
use crate::cores::Core;
use crate::driver::Signal;

impl Broker {
    /// Tells the store what changed in a session, if there is one and anything did. What the session deferred meanwhile
    /// goes out when everything appended in this turn is committed, and that may be now.
    pub fn save_changes(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        now: Instant,
    ) {
        let Some(store) = self.store() else { return };
        if !state.session.has_changes() {
            SessionStore::take_back(core, &mut state.session);
        }
        // What goes out may turn out too large and be dropped, which is a change, and makes room for others.
        while state.session.has_changes() || state.session.has_unset_commit() {
            store.save_changes(core, handle, &mut state.session);
            state.session.set_commit(core.owed().0);
            self.release_committed(core, handle, state, now);
        }
    }

    /// The same for whoever does not hold the session's lock; takes it only where there is a store.
    pub(super) fn lock_and_save_changes(&self, core: &mut Core, handle: &Arc<SessionHandle>, now: Instant) {
        if self.store().is_some() {
            self.save_changes(core, handle, &mut handle.lock(), now);
        }
    }

    /// There was a commit: lets out what waited for it.
    pub fn release_all_committed(&self, core: &mut Core, now: Instant) {
        for handle in mem::take(&mut core.awaiting_commit) {
            let mut state = handle.lock();
            state.awaiting_commit = false;
            self.release_committed(core, &handle, &mut state, now);
            self.save_changes(core, &handle, &mut state, now);
            core.counters.add_drops(&state.session.take_drops());
        }
    }

    /// Has the core told of the next commit; at once, when `commit` is reached already.
    pub fn await_commit(&self, core: &Core, commit: Commit) {
        let Some(core_handle) = self.cores().handle(core.id) else { return };
        core_handle.mailbox.await_commit();
        if self.is_committed(commit) {
            core_handle.mailbox.announce_commit();
        }
    }

    /// Whether everything up to `commit` is kept.
    #[must_use]
    pub fn is_committed(&self, commit: Commit) -> bool {
        commit <= self.committed()
    }

    /// The last commit that is kept; without a store, any is.
    #[must_use]
    pub fn committed(&self) -> Commit {
        self.store().map_or(Commit(u64::MAX), SessionStore::committed)
    }

    /// Lets out what is committed; for the rest, a core looks again after the next commit.
    pub fn release_committed(
        &self,
        core: &mut Core,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        now: Instant,
    ) {
        let Some(commit) = state.session.first_commit() else { return };
        let committed = self.store().map_or(u64::MAX, |store| store.committed().0);
        if commit <= committed {
            state.session.release_committed(committed, now);
            if !state.session.write_buffer().is_empty() {
                core.mark_dirty(handle);
            }
            // A replay of retained messages waited as well.
            if let Some(connection) = state.connection.as_ref().filter(|_| state.replays.is_some()) {
                connection.signals.notify(Signal::Write);
            }
        }
        if let Some(commit) = state.session.first_commit()
            && !mem::replace(&mut state.awaiting_commit, true)
        {
            core.awaiting_commit.push(Arc::clone(handle));
            self.await_commit(core, Commit(commit));
        }
    }
}
