//! What a session changed goes to the store; what it deferred goes out once that is kept. At QoS 2 that is what makes a
//! message exactly one: the sender's identifier, the receiver's entry, and the identifier that it has there.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use tidegate_persistence::Commit;

use super::seat::{Seat, State};
use super::{Broker, Keeper};
use crate::cores::Core;
use crate::driver::Signal;

impl Broker {
    /// Tells the store what changed in a session, if there is one and anything did. What the session deferred meanwhile
    /// goes out when everything appended in this turn is committed, and that may be now.
    pub fn follow(&self, core: &mut Core, seat: &Arc<Seat>, state: &mut State, now: Instant) {
        let Some(keeper) = self.keeper() else { return };
        if !state.session.has_changes() {
            Keeper::take_back(core, &mut state.session);
        }
        // What goes out may turn out too large and be dropped, which is a change, and makes room for others.
        while state.session.has_changes() || state.session.has_unstamped() {
            keeper.follow(core, seat, &mut state.session);
            state.session.stamp(core.owed().0);
            self.open_gate(core, seat, state, now);
        }
    }

    /// The same for whoever does not hold the session's lock; takes it only where there is a store.
    pub(super) fn catch_up(&self, core: &mut Core, seat: &Arc<Seat>, now: Instant) {
        if self.keeper().is_some() {
            self.follow(core, seat, &mut seat.lock(), now);
        }
    }

    /// There was a commit: lets out what waited for it.
    pub fn open_gates(&self, core: &mut Core, now: Instant) {
        for seat in mem::take(&mut core.gated) {
            let mut state = seat.lock();
            state.gated = false;
            self.open_gate(core, &seat, &mut state, now);
            self.follow(core, &seat, &mut state, now);
            core.counters.add_drops(&state.session.take_drops());
        }
    }

    /// Has the core told of the next commit; at once, when `commit` is reached already.
    pub fn await_commit(&self, core: &Core, commit: Commit) {
        let Some(handle) = self.cores().handle(core.id) else { return };
        handle.mailbox.await_commit();
        if self.is_committed(commit) {
            handle.mailbox.announce_commit();
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
        self.keeper().map_or(Commit(u64::MAX), Keeper::committed)
    }

    /// Lets out what is committed; for the rest, a core looks again after the next commit.
    pub fn open_gate(&self, core: &mut Core, seat: &Arc<Seat>, state: &mut State, now: Instant) {
        let Some(commit) = state.session.waits_for() else { return };
        let committed = self.keeper().map_or(u64::MAX, |keeper| keeper.committed().0);
        if commit <= committed {
            state.session.let_out(committed, now);
            if !state.session.pending().is_empty() {
                core.mark_dirty(seat);
            }
            // A replay of retained messages waited as well.
            if let Some(line) = state.line.as_ref().filter(|_| state.replays.is_some()) {
                line.bell.ring(Signal::Write);
            }
        }
        if let Some(commit) = state.session.waits_for()
            && !mem::replace(&mut state.gated, true)
        {
            core.gated.push(Arc::clone(seat));
            self.await_commit(core, Commit(commit));
        }
    }
}
