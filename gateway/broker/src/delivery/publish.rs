//! The verb `publish`: handles the publisher's side of a batch, then delivers the batch.

use std::mem;
use std::sync::Arc;

use tidegate_mqtt::{Ack, PacketId, ProtocolVersion, QoS};
use tidegate_persistence::Commit;
use tidegate_routing::Route;

use super::outcome::Outcome;
use super::source::{EncodedVariants, OwnedSource, Source};
use super::task::{Position, Task};
use super::unfinished::{PublishToken, Stage, UnfinishedPublish};
use super::{PublishProgress, Published};
use crate::broker::Broker;
use crate::durability::PublishScope;
use crate::end::End;
use crate::publish_batch::{PublishBatch, emptied};
use crate::receipt::Receipt;
use crate::session_guard::SessionGuard;
use crate::session_handle::{Ownership, SessionHandle};
use crate::subscriber::Subscriber;
use crate::turn::Turn;

/// A batch that a client publishes.
#[derive(Clone, Copy)]
pub struct PublishRequest<'a, 'b> {
    /// The publisher.
    pub owner: &'a Ownership,
    /// The protocol version in which the frames of the batch are encoded.
    pub version: ProtocolVersion,
    /// The messages.
    pub batch: &'a PublishBatch<'b>,
    /// The packet identifiers of the messages at QoS 1 and 2, in order. [`Broker::receive`] has already checked that
    /// the identifiers at QoS 2 are new.
    pub packet_ids: &'a [(PacketId, QoS)],
}

/// The plan for the delivery of a batch: its recipients, and whether it takes several turns.
struct Plan {
    route: Arc<Route<Subscriber>>,
    /// Exists while the publish is unfinished; `None` if the publish fits into this turn.
    several_turns: Option<Arc<PublishToken>>,
    /// Holds the changes of the publish until its last turn; `None` if the publish fits into this turn or there is no
    /// store.
    scope: Option<Arc<PublishScope>>,
}

impl Broker {
    /// Publishes a batch. Its incoming QoS 2 identifiers and all copies are stored together: otherwise, after a crash,
    /// a retransmission would be either dropped (identifier known, message lost) or delivered twice. `acks` are
    /// acknowledgements that the client sent before the batch; they are handled under the same lock and removed from
    /// the list.
    ///
    /// # Errors
    /// When the client violated the protocol, or another connection took the session over; nothing is published then.
    /// Also when a client before MQTT 5 publishes although the store has no room: these versions have no reason code
    /// for a refused message, so the connection ends.
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
        // The atomic scope must be opened before any lock is taken. A publish of several turns has its own scope
        // instead.
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

    /// Handles the publisher's side of a batch: the acknowledgements before it, and its new QoS 2 identifiers. The
    /// outcome is the reason why the batch is refused, or `None`.
    fn receive_batch(
        &self,
        turn: &mut Turn<'_>,
        request: &PublishRequest<'_, '_>,
        topic: &str,
        plan: &Plan,
        acks: &mut Vec<Ack>,
    ) -> Result<Receipt<Option<Published>>, End> {
        // The session is locked even if nothing in it changes, because a connection that lost its session must not
        // publish.
        let mut session = self.own(request.owner)?;
        let mut result = Ok(());
        if !acks.is_empty() {
            result = session.handle_acks(turn, acks);
            // The answer to the publish does not depend on the changes that these acknowledgements make.
            let _ = session.save(turn, None);
        }
        // The QoS 2 identifiers of a publish of several turns are stored with the scope of the publish.
        let scope = plan.scope.as_ref().filter(|_| request.qos2_ids().next().is_some());
        let result = result.and_then(|()| {
            let refused = self.refusal(turn, request, topic, &session);
            if refused.is_none() {
                session.receive_ids(request, scope)?;
            }
            Ok(refused)
        });
        // A batch that is not published must not use the scope, because the scope would never be committed.
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
                started_at_sequence: self.sessions.next_sequence(),
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
        PublishProgress::Done(self.release_refused_ids(turn, handle, request.qos2_ids(), receipt))
    }

    /// Releases the QoS 2 identifiers of a refused publish, because the client may reuse them [MQTT5-4.3.3-9].
    pub(super) fn release_refused_ids(
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
    /// Records the QoS 2 identifiers of a batch, as part of `scope` if there is one.
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
