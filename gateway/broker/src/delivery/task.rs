//! Delivers one batch to its recipients: without interruption, or until the budget of the turn is spent.

use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_routing::Route;
use tidegate_session::{DropReason, Verdict};

use super::Delivery;
use super::deliver::{DeliveryOptions, count_copies};
use super::forward::{deliver_to_node, deliver_to_sink};
use super::outcome::Outcome;
use super::source::{EncodedVariants, Source};
use crate::broker::Broker;
use crate::durability::PublishScope;
use crate::publish_batch::RawFrames;
use crate::receipt::Receipt;
use crate::session_guard::SessionGuard;
use crate::session_handle::{SessionHandle, State};
use crate::subscriber::Subscriber;
use crate::turn::Turn;

/// The delivery of one batch: its messages and recipients.
pub(super) struct Task<'a> {
    /// The recipients, as determined in the first turn.
    pub(super) route: &'a Route<Subscriber>,
    pub(super) source: Source<'a>,
    pub(super) scope: Option<&'a Arc<PublishScope>>,
    /// The sequence number of the publish. A session with a greater number began later and is not a recipient, even if
    /// it uses the handle of a session that was a recipient.
    pub(super) started_at_sequence: u64,
    /// Whether the delivery pauses when the budget is spent.
    pub(super) takes_turns: bool,
}

/// The position of the next recipient in the route.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Index of the next ordinary subscriber.
    delivery: usize,
    /// Index of the current shared subscription.
    group: usize,
    /// Index of the next message for the group.
    message: usize,
}

impl<'a> Task<'a> {
    /// Creates a delivery that is not interrupted.
    pub(super) fn of_one_turn(route: &'a Route<Subscriber>, source: Source<'a>) -> Self {
        Self { route, source, scope: None, started_at_sequence: u64::MAX, takes_turns: false }
    }
}

impl Delivery {
    /// Continues the delivery at `position`. Returns `true` when every recipient has its copies.
    pub(super) fn advance(
        &self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        task: &mut Task<'_>,
        position: &mut Position,
        outcome: &mut Outcome,
    ) -> bool {
        let route = task.route;
        let publisher = task.source.publisher();
        while let Some(delivery) = route.deliveries.get(position.delivery) {
            if task.takes_turns && turn.budget.is_spent() {
                return false;
            }
            position.delivery += 1;
            let Some(grants) = delivery.for_publisher(publisher) else { continue };
            let options = grants.into();
            outcome.add(match &delivery.subscriber {
                Subscriber::Session(handle) => self.deliver_task(broker, turn, handle, options, task),
                Subscriber::Sink(sink) => {
                    let messages = task.source.messages(turn.now);
                    deliver_to_sink(turn, sink, options, messages)
                }
                Subscriber::Remote(node) => {
                    let messages = task.source.messages(turn.now);
                    deliver_to_node(turn, broker.fabric(), *node, options, messages)
                }
            });
        }
        route.groups.is_empty() || self.advance_groups(broker, turn, task, position, outcome)
    }

    fn advance_groups(
        &self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        task: &mut Task<'_>,
        position: &mut Position,
        outcome: &mut Outcome,
    ) -> bool {
        let (route, scope, takes_turns) = (task.route, task.scope, task.takes_turns);
        let messages = task.source.messages(turn.now);
        while let Some(group) = route.groups.get(position.group) {
            while let Some(message) = messages.get(position.message) {
                if takes_turns && turn.budget.is_spent() {
                    return false;
                }
                position.message += 1;
                outcome.add(self.deliver_to_group(broker, turn, group, message, None, scope));
            }
            (position.group, position.message) = (position.group + 1, 0);
        }
        true
    }

    /// Delivers the batch to one session: as frames in one copy, or as messages if the session cannot take the frames.
    fn deliver_task(
        &self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        options: DeliveryOptions<'_>,
        task: &mut Task<'_>,
    ) -> Receipt<Verdict> {
        let mut session = broker.guard(handle);
        if session.beginning_sequence > task.started_at_sequence {
            return count_ended(turn, session, task.source.len());
        }
        if broker.hooks.deliver(&session.context, || task.source.publication(options.qos)).is_err() {
            return drop_unauthorized(turn, session, task.source.len());
        }
        if let Source::Frames { raw, encoded } = &mut task.source
            && options.subscription_identifiers.is_empty()
        {
            let verdict = push_frames(&mut session, options.qos.min(raw.qos), raw, encoded);
            if verdict != Verdict::PushOneByOne {
                count_copies(turn.counters, verdict, raw.count.into());
                turn.budget.charge(raw.cost());
                return Receipt::new(verdict, session.finish(turn));
            }
        }
        let messages = task.source.messages(turn.now);
        self.deliver(broker, turn, session, options, messages, task.scope)
    }
}

/// Counts the copies that a hook did not allow. In the outcome for the publisher, they count as accepted.
#[cold]
pub(super) fn drop_unauthorized(
    turn: &mut Turn<'_>,
    session: SessionGuard<'_>,
    copies: usize,
) -> Receipt<Verdict> {
    turn.counters.dropped_unauthorized.add(u64::try_from(copies).unwrap_or(u64::MAX));
    Receipt::new(Verdict::Dropped(DropReason::Ended), session.finish(turn))
}

/// Counts the copies for a session that matched but has ended since.
#[cold]
fn count_ended(turn: &mut Turn<'_>, session: SessionGuard<'_>, copies: usize) -> Receipt<Verdict> {
    turn.counters.dropped_ended.add(u64::try_from(copies).unwrap_or(u64::MAX));
    Receipt::new(Verdict::Dropped(DropReason::Ended), session.finish(turn))
}

fn push_frames(state: &mut State, qos: QoS, raw: &RawFrames<'_>, encoded: &mut EncodedVariants) -> Verdict {
    let version = state.session.version().unwrap_or(encoded.version);
    let verdict = if qos == QoS::AtMostOnce {
        let (wire, largest_size) = encoded.qos0_frames(raw, version);
        state.session.push_encoded(wire, raw.count, largest_size)
    } else {
        match encoded.qos1_frames(raw, version) {
            Some(frames) => state.session.push_frames(&frames),
            None => Verdict::PushOneByOne,
        }
    };
    if verdict == Verdict::Sent {
        state.session.count_sent_frames(raw.count);
    }
    verdict
}
