//! A publish that takes several turns: its recipients are those of the first turn, its changes are one atomic scope,
//! and its receipt exists after the last turn.

use std::sync::{Arc, Weak};

use tidegate_mqtt::PacketId;
use tidegate_persistence::Commit;
use tidegate_routing::Route;

use super::PublishProgress;
use super::outcome::Outcome;
use super::source::OwnedSource;
use super::task::{Position, Task};
use crate::broker::Broker;
use crate::durability::PublishScope;
use crate::session_handle::SessionHandle;
use crate::subscriber::Subscriber;
use crate::turn::Turn;

/// An unfinished publish. The publisher's connection keeps it, and finishes it before it does anything else, even
/// before it ends. Until the publish is finished, no other connection can take the session over.
#[must_use = "an unfinished publish has to be resumed"]
pub struct UnfinishedPublish {
    pub(super) publisher: Arc<SessionHandle>,
    /// The QoS 2 identifiers of the messages.
    pub(super) packet_ids: Vec<PacketId>,
    pub(super) source: OwnedSource,
    /// The recipients, as determined in the first turn. Subscriptions made or removed later have no effect.
    pub(super) route: Arc<Route<Subscriber>>,
    /// See [`Task::started_at_sequence`].
    pub(super) started_at_sequence: u64,
    pub(super) position: Position,
    pub(super) outcome: Outcome,
    pub(super) scope: Option<Arc<PublishScope>>,
    pub(super) stage: Stage,
    pub(super) token: Arc<PublishToken>,
}

/// Exists as long as a publish of a session is unfinished. The session holds a weak reference to detect that.
#[derive(Debug, Default)]
pub(crate) struct PublishToken;

/// The stage of an unfinished publish.
pub(super) enum Stage {
    /// Copies are being delivered to the recipients.
    Delivering,
    /// The changes of the scope were appended to the store under this commit. The listed sessions have not been
    /// notified of the commit yet.
    Committed(Commit, Vec<Weak<SessionHandle>>),
}

impl Broker {
    /// Continues a publish until the budget is spent. Call it in each turn until the publish is finished.
    pub fn resume_publish(
        &self,
        turn: &mut Turn<'_>,
        mut unfinished: Box<UnfinishedPublish>,
    ) -> PublishProgress {
        if !self.continue_delivery(turn, &mut unfinished) || !self.commit_scope(turn, &mut unfinished) {
            return PublishProgress::Unfinished(unfinished);
        }
        let UnfinishedPublish { publisher, packet_ids, mut source, outcome, token, .. } = *unfinished;
        let count = u64::try_from(source.borrow().len()).unwrap_or(u64::MAX);
        let receipt = outcome.finish(turn.counters, count);
        let receipt = self.release_refused_ids(turn, &publisher, packet_ids.into_iter(), receipt);
        drop(token);
        PublishProgress::Done(receipt)
    }

    /// Delivers copies to the recipients. Returns `true` when every recipient has its copies.
    fn continue_delivery(&self, turn: &mut Turn<'_>, unfinished: &mut UnfinishedPublish) -> bool {
        if !matches!(unfinished.stage, Stage::Delivering) {
            return true;
        }
        let UnfinishedPublish { source, route, scope, started_at_sequence, position, outcome, .. } =
            unfinished;
        let mut task = Task {
            route,
            source: source.borrow(),
            scope: scope.as_ref(),
            started_at_sequence: *started_at_sequence,
            takes_turns: true,
        };
        self.delivery.advance(self, turn, &mut task, position, outcome)
    }

    /// Appends the changes of the scope to the store all at once, then notifies the scope's sessions of the commit, so
    /// that they can send the packets that waited for it. Returns whether all sessions have been notified.
    fn commit_scope(&self, turn: &mut Turn<'_>, unfinished: &mut UnfinishedPublish) -> bool {
        let (Some(scope), Some(store)) = (&unfinished.scope, self.durability.store()) else { return true };
        if matches!(unfinished.stage, Stage::Delivering) {
            let (commit, sessions) = scope.commit(turn, store);
            unfinished.outcome.wait_for(commit);
            unfinished.stage = Stage::Committed(commit, sessions);
        }
        let Stage::Committed(commit, sessions) = &mut unfinished.stage else { return true };
        while let Some(session) = sessions.pop() {
            // A session that no longer exists needs no notification.
            let Some(handle) = session.upgrade() else { continue };
            let mut session = self.guard(&handle);
            session.leave_scope(turn, scope, *commit);
            let _ = session.finish(turn);
            turn.budget.charge(1);
            if turn.budget.is_spent() {
                return sessions.is_empty();
            }
        }
        true
    }
}
