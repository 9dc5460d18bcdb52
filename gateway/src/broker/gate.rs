//! Messages at QoS 2 go out once what makes them exactly one is kept: the sender's identifier and the receiver's entry, in
//! one commit. Until then they wait in the receiver's queue, and what comes after them waits behind.

use std::sync::Arc;
use std::time::Instant;

use tidegate_persistence::Commit;

use super::Broker;
use super::seat::{Seat, State};
use crate::cores::Core;
use crate::driver::Signal;

impl Broker {
    /// Lets out what is held back, now or once everything appended in this turn is committed. True when bytes wait.
    pub fn gate(&self, core: &mut Core, seat: &Arc<Seat>, state: &mut State, now: Instant) -> bool {
        if !state.session.is_held_back() {
            return false;
        }
        let commit = core.owed().max(state.gate.unwrap_or(Commit(0)));
        if self.is_committed(commit) {
            self.let_out(core, seat, state, now);
            return !state.session.pending().is_empty();
        }
        if state.gate.replace(commit).is_none() {
            core.gated.push(Arc::clone(seat));
            self.await_commit(core, commit);
        }
        false
    }

    /// There was a commit: opens the gates that waited for it.
    pub fn open_gates(&self, core: &mut Core, now: Instant) {
        for seat in std::mem::take(&mut core.gated) {
            let mut state = seat.lock();
            let commit = state.gate.unwrap_or(Commit(0));
            if !self.is_committed(commit) {
                drop(state);
                core.gated.push(seat);
                self.await_commit(core, commit);
                continue;
            }
            self.let_out(core, &seat, &mut state, now);
            core.counters.add_drops(&state.session.take_drops());
            drop(state);
            core.mark_dirty(&seat);
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
        commit == Commit(0) || self.keeper().is_none_or(|keeper| keeper.committed() >= commit)
    }

    fn let_out(&self, core: &mut Core, seat: &Seat, state: &mut State, now: Instant) {
        state.gate = None;
        state.session.let_out(now);
        self.follow(core, seat, &mut state.session);
        // A replay of retained messages waited as well.
        if let Some(line) = state.line.as_ref().filter(|_| state.replays.is_some()) {
            line.bell.ring(Signal::Write);
        }
    }
}
