//! The verb `publish`: the publisher's side of a batch, then its delivery.

use std::mem;
use std::sync::Arc;

use tidegate_mqtt::{Ack, PacketId, ProtocolVersion, QoS};
use tidegate_persistence::Commit;
use tidegate_routing::Route;

use super::outcome::Outcome;
use super::source::{EncodedVariants, OwnedSource, Source};
use super::task::{Position, Task};
use super::unfinished::{PublishToken, Stage, UnfinishedPublish};
use super::{PublishProgress, Published, is_reserved};
use crate::broker::Broker;
use crate::durability::PublishScope;
use crate::end::End;
use crate::publish_batch::{PublishBatch, emptied};
use crate::receipt::Receipt;
use crate::session_guard::SessionGuard;
use crate::session_handle::{Ownership, SessionHandle, SessionSubscriber};
use crate::turn::Turn;

/// A batch that a client publishes.
#[derive(Clone, Copy)]
pub struct PublishRequest<'a, 'b> {
    /// The publisher.
    pub owner: &'a Ownership,
    /// The version that its frames are written in.
    pub version: ProtocolVersion,
    /// The messages.
    pub batch: &'a PublishBatch<'b>,
    /// The identifiers of those at QoS 1 and 2, in order. Those at QoS 2 are new: [`Broker::receive`] has checked them.
    pub packet_ids: &'a [(PacketId, QoS)],
}

/// How a batch is delivered.
struct Plan {
    route: Arc<Route<SessionSubscriber>>,
    /// If it costs more than this turn may spend.
    several_turns: Option<Arc<PublishToken>>,
    /// Where its changes are kept until the last turn, if it takes several and there is a store.
    scope: Option<Arc<PublishScope>>,
}

impl Broker {
    /// Publishes a batch. Its incoming QoS 2 identifiers and all copies are stored together: otherwise, after a crash, a
    /// retransmission would be either dropped (identifier known, message lost) or delivered twice. `acks` are acknowledgements
    /// that came before it; they are handled under the same lock, and removed.
    ///
    /// # Errors
    /// When the client broke a rule, or lost its session; nothing is published then. A client before MQTT 5 cannot be told that
    /// a message is refused: if the store has no room, its connection ends.
    pub fn publish(
        &self,
        turn: &mut Turn<'_>,
        request: PublishRequest<'_, '_>,
        acks: &mut Vec<Ack>,
    ) -> Result<PublishProgress, End> {
        let Some(topic) = request.batch.topic() else {
            return Ok(PublishProgress::Done(Receipt::immediate(Published::Unmatched)));
        };
        let plan = self.plan(turn, &request, topic);
        let is_exactly_once = request.qos2_ids().next().is_some();
        // Taken before any lock. A publish of several turns has a scope of its own.
        let _atomic = if is_exactly_once && plan.several_turns.is_none() {
            self.durability.atomic_scope()
        } else {
            None
        };
        let Receipt { outcome, commit } = self.receive_batch(turn, &request, topic, &plan, acks)?;
        Ok(match outcome {
            Some(refused) => PublishProgress::Done(Receipt::new(refused, commit)),
            None => self.deliver_batch(turn, &request, plan, commit),
        })
    }

    fn plan(&self, turn: &mut Turn<'_>, request: &PublishRequest<'_, '_>, topic: &str) -> Plan {
        let handle = &request.owner.handle;
        let route = turn.routes.route(self.tenant_of(handle), topic);
        turn.budget.charge(1);
        let copies = route.deliveries.len().saturating_mul(request.batch.cost());
        let cost = copies.saturating_add(route.groups.len().saturating_mul(request.batch.count()));
        let is_covered = turn.budget.covers(u32::try_from(cost).unwrap_or(u32::MAX));
        let several_turns = (!is_covered).then(Arc::default);
        let needs_scope = !is_covered && self.durability.store().is_some();
        let scope = needs_scope.then(|| Arc::new(PublishScope::new()));
        Plan { route, several_turns, scope }
    }

    /// The publisher's side: acknowledgements that came before, and the new QoS 2 identifiers. Says why the batch is refused, if
    /// it is.
    fn receive_batch(
        &self,
        turn: &mut Turn<'_>,
        request: &PublishRequest<'_, '_>,
        topic: &str,
        plan: &Plan,
        acks: &mut Vec<Ack>,
    ) -> Result<Receipt<Option<Published>>, End> {
        // Also if there is nothing to change: a connection that lost its session publishes nothing any more.
        let mut session = self.own(request.owner)?;
        let mut result = Ok(());
        if !acks.is_empty() {
            result = session.handle_acks(turn, acks);
            // What they change is not part of what the publisher is told.
            let _ = session.save(turn, None);
        }
        // A publish of several turns has its identifiers in its scope.
        let scope = plan.scope.as_ref().filter(|_| request.qos2_ids().next().is_some());
        let result = result.and_then(|()| {
            let refused = self.refusal(turn, request, topic);
            if refused.is_none() {
                session.receive_ids(request, scope)?;
            }
            Ok(refused)
        });
        // What is not published must not open the scope: nobody would commit it.
        let scope = scope.filter(|_| matches!(result, Ok(None)));
        session.publishing = plan.several_turns.as_ref().map(Arc::downgrade).unwrap_or_default();
        let commit = session.finish_in(turn, scope);
        match result? {
            Some(Published::Refused) if !request.version.is_v5() => Err(End::overloaded()),
            refused => {
                if refused != Some(Published::Refused) {
                    turn.counters.messages_received.add(request.batch.len());
                }
                Ok(Receipt::new(refused, commit))
            }
        }
    }

    fn refusal(&self, turn: &Turn<'_>, request: &PublishRequest<'_, '_>, topic: &str) -> Option<Published> {
        let count = request.batch.len();
        if !request.packet_ids.is_empty() && self.durability.is_refusing() {
            turn.counters.refused_store.add(count);
            return Some(Published::Refused);
        }
        if is_reserved(topic) {
            turn.counters.refused_topic.add(count);
            return Some(Published::Forbidden);
        }
        None
    }

    fn deliver_batch(
        &self,
        turn: &mut Turn<'_>,
        request: &PublishRequest<'_, '_>,
        plan: Plan,
        commit: Commit,
    ) -> PublishProgress {
        let handle = &request.owner.handle;
        let messages = mem::take(&mut turn.scratch.messages);
        let mut encoded = EncodedVariants::new(request.version, handle.publisher(), messages);
        let (source, retained) = match request.batch.raw() {
            Some(raw) => (Source::Frames { raw, encoded: &mut encoded }, Receipt::immediate(true)),
            None => {
                let messages = request.batch.messages();
                (Source::Messages(messages), self.retain(turn, self.tenant_of(handle), messages))
            }
        };
        let mut outcome = Outcome::new(retained.after(commit));
        if let Some(token) = plan.several_turns {
            let source = match request.batch.raw() {
                Some(raw) => OwnedSource::Frames { frames: raw.into(), encoded },
                None => OwnedSource::Messages(request.batch.messages().to_vec()),
            };
            let packet_ids = request.qos2_ids().collect();
            let Plan { route, scope, .. } = plan;
            let unfinished = UnfinishedPublish {
                publisher: Arc::clone(handle),
                packet_ids,
                source,
                route,
                started_at: self.sessions.next_sequence(),
                position: Position::default(),
                outcome,
                scope,
                stage: Stage::Delivering,
                token,
            };
            return self.resume_publish(turn, Box::new(unfinished));
        }
        let mut task = Task::of_one_turn(&plan.route, source);
        self.delivery.advance(self, turn, &mut task, &mut Position::default(), &mut outcome);
        turn.scratch.messages = emptied(encoded.into_messages());
        let receipt = outcome.finish(turn.counters, request.batch.len());
        PublishProgress::Done(self.forget_refused(turn, handle, request.qos2_ids(), receipt))
    }

    /// A refused QoS 2 publish is over: its identifiers are free again [MQTT5-4.3.3-9].
    pub(super) fn forget_refused(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        packet_ids: impl Iterator<Item = PacketId>,
        receipt: Receipt<Published>,
    ) -> Receipt<Published> {
        let mut packet_ids = packet_ids.peekable();
        if receipt.outcome != Published::Refused || packet_ids.peek().is_none() {
            return receipt;
        }
        let mut session = self.guard(handle);
        for packet_id in packet_ids {
            let _ = session.session.release(packet_id);
        }
        receipt.after(session.finish(turn))
    }
}

impl SessionGuard<'_> {
    /// Takes in the QoS 2 identifiers of a batch, as part of `scope` if it has one.
    fn receive_ids(
        &mut self,
        request: &PublishRequest<'_, '_>,
        scope: Option<&Arc<PublishScope>>,
    ) -> Result<(), End> {
        if let Some(scope) = scope {
            self.join_scope(scope);
        }
        for id in request.qos2_ids() {
            self.session.receive(id)?;
        }
        Ok(())
    }
}

impl PublishRequest<'_, '_> {
    fn qos2_ids(&self) -> impl Iterator<Item = PacketId> {
        let exactly_once = self.packet_ids.iter().filter(|(_, qos)| *qos == QoS::ExactlyOnce);
        exactly_once.map(|(packet_id, _)| *packet_id)
    }
}
