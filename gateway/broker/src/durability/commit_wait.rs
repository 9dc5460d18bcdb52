//! Passes a session's changes to the store, and sends the packets that the session held back when the changes are
//! committed. QoS 2 (exactly once) depends on this order: the publisher's packet identifier, the receiver's entry
//! and the packet identifier of this entry are committed before a packet that depends on them is sent.

use std::mem;
use std::sync::Arc;

use tidegate_persistence::{Commit, Operation, SessionId};
use tidegate_session::Change;

use super::scope::Subject;
use super::{Durability, PublishScope, SessionStore, convert};
use crate::broker::Broker;
use crate::session_guard::SessionGuard;
use crate::session_handle::{SessionHandle, State};
use crate::signals::Signal;
use crate::turn::Turn;

impl Durability {
    /// Appends the changes of a session to the store, if there is one, and returns the commit that covers them. Packets
    /// that the session holds back are sent when this commit is reached, which may be immediately.
    #[inline]
    pub(crate) fn save_changes(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        scope: Option<&Arc<PublishScope>>,
    ) -> Commit {
        match self.store() {
            Some(store) => self.save_changes_to(store, turn, handle, state, scope),
            None => Commit(0),
        }
    }

    /// Does the work of [`Self::save_changes`]. Not inlined, because a broker without a store would otherwise run the
    /// prologue of this code several times per message.
    #[inline(never)]
    fn save_changes_to(
        &self,
        store: &SessionStore,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        scope: Option<&Arc<PublishScope>>,
    ) -> Commit {
        turn.count_for(handle.tenant());
        if !state.session.has_changes() {
            // There are no changes, so this call only returns the list that `borrow_scratch` has lent to the session.
            state.session.take_changes(&mut turn.scratch.changes);
        }
        let mut last = Commit(0);
        // A packet that is sent may turn out to be too large and be dropped. Dropping the packet is another change and
        // makes room for further packets, so the changes are saved until there are none.
        while state.session.has_changes() || state.session.has_unset_commit() {
            let commit = store.append_changes(turn, handle, state, scope);
            last = last.max(commit);
            if let Some(scopes) = &mut state.open_scopes {
                scopes.record_other_commit(commit);
                // Messages are sent in order, so messages after those of an open scope wait for the scope as well.
                if scopes.first_scoped_position() < u64::MAX {
                    break;
                }
                state.open_scopes = None;
            }
            state.session.set_commit(last.max(state.scope_commit).0);
            self.release_committed(turn, handle, state);
        }
        last
    }

    /// Sends the packets whose commit is reached. If other packets still wait for a commit, asks the core to call
    /// [`Broker::commit_reached`] after the next commit.
    pub(crate) fn release_committed(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        state: &mut State,
    ) {
        let Some(commit) = state.session.first_commit() else { return };
        let committed = self.latest_commit().0;
        if commit <= committed {
            state.session.release_committed(committed, turn.now);
            if !state.session.write_buffer().is_empty() {
                turn.effects.flush(handle);
            }
            // A replay of retained messages also waits until earlier messages are sent.
            if let Some(connection) = state.connection.as_ref().filter(|_| state.replays.is_some()) {
                turn.effects.notify(&connection.signals, Signal::Write);
            }
        }
        if let Some(commit) = state.session.first_commit()
            && !mem::replace(&mut state.awaiting_commit, true)
        {
            turn.backlog.awaiting_commit.push(Arc::clone(handle));
            turn.effects.await_commit(Commit(commit));
        }
    }
}

impl Broker {
    /// Sends the packets that waited for a commit in the sessions of this core, after the store has reported a commit.
    /// When the budget of the turn is spent, the sessions that still have to send packets do so in the next turn.
    pub fn commit_reached(&self, turn: &mut Turn<'_>) {
        let mut waiting = mem::take(&mut turn.backlog.awaiting_commit).into_iter();
        for handle in waiting.by_ref() {
            let mut guard = self.guard(&handle);
            guard.awaiting_commit = false;
            guard.release_committed(turn);
            // No answer to a client depends on this commit.
            let _ = guard.finish(turn);
            turn.budget.charge(1);
            if turn.budget.is_spent() {
                break;
            }
        }
        if waiting.len() > 0 {
            turn.backlog.awaiting_commit.extend(waiting);
            // `Commit(0)` is always reached, so the core calls this function again in its next turn.
            turn.effects.await_commit(Commit(0));
        }
    }
}

impl SessionGuard<'_> {
    /// Removes a committed scope from the session's open scopes. The packets that waited for the scope now wait for
    /// `commit`.
    pub(crate) fn leave_scope(&mut self, turn: &mut Turn<'_>, scope: &Arc<PublishScope>, commit: Commit) {
        self.scope_commit = self.scope_commit.max(commit);
        let Some(scopes) = &mut self.open_scopes else { return };
        scopes.leave(scope);
        let position = scopes.first_scoped_position();
        let other_commit = scopes.other_commit();
        let commit = self.scope_commit.max(other_commit);
        if position == u64::MAX {
            self.open_scopes = None;
        }
        // Packets before `position` depend on none of the remaining scopes.
        self.session.set_commit_before_position(position, commit.0);
        self.release_committed(turn);
    }
}

impl SessionStore {
    /// Appends the changes of a session to the store, in order. Changes that belong to a scope are added to the scope
    /// instead.
    fn append_changes(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        scope: Option<&Arc<PublishScope>>,
    ) -> Commit {
        let mut changes = mem::take(&mut turn.scratch.changes);
        let mut operations = mem::take(&mut turn.scratch.operations);
        state.session.take_changes(&mut changes);
        if scope.is_none() && state.open_scopes.is_none() {
            for change in changes.drain(..) {
                convert::change_to_operations(self.clock(), handle, &state.session, change, &mut operations);
            }
        } else {
            self.divide(handle, state, scope, &mut changes, &mut operations);
        }
        let commit = self.append(turn, &mut operations);
        (turn.scratch.changes, turn.scratch.operations) = (changes, operations);
        turn.scratch.recycle_changes();
        commit
    }

    /// Converts changes to operations. Adds each operation to the scope it belongs to, or to `direct` if it belongs to
    /// none.
    fn divide(
        &self,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        scope: Option<&Arc<PublishScope>>,
        changes: &mut Vec<Change>,
        direct: &mut Vec<Operation>,
    ) {
        let scopes = state.open_scopes.take().unwrap_or_default();
        for change in changes.drain(..) {
            if matches!(change, Change::Created | Change::Ended) {
                scopes.forget(SessionId(handle.id()));
            }
            let subject = subject_of_change(handle, &change);
            let is_first = matches!(change, Change::Queued(..) | Change::Received(_));
            let from = direct.len();
            convert::change_to_operations(self.clock(), handle, &state.session, change, direct);
            if let Some(subject) = subject
                && let Some(operation) = direct.pop()
                && let Err(operation) = scopes.offer(scope, subject, is_first, operation)
            {
                direct.push(operation);
            }
            debug_assert!(direct.len() >= from, "a change with a subject is one operation");
        }
        state.open_scopes = (!scopes.is_empty()).then_some(scopes);
    }
}

/// Returns the delivery or packet identifier that a change concerns; `None` if such a change never belongs to a publish
/// scope.
fn subject_of_change(handle: &SessionHandle, change: &Change) -> Option<Subject> {
    match change {
        Change::Queued(queued, _) => Some(Subject::Delivery(queued.message_id)),
        Change::Sent { message_id, .. }
        | Change::Released { message_id, .. }
        | Change::Completed { message_id } => Some(Subject::Delivery(*message_id)),
        Change::Received(packet_id) | Change::ReceivedReleased(packet_id) => {
            Some(Subject::Received(handle.id(), *packet_id))
        }
        _ => None,
    }
}
