//! Delivers messages to subscribers that are not sessions: sinks and other nodes. They take no part in atomic scopes,
//! and nothing is stored for them.

use std::sync::Arc;

use tidegate_mqtt::Message;
use tidegate_session::{Delivery as SessionDelivery, DropReason, Verdict};

use super::deliver::DeliveryOptions;
use crate::counters::Counter;
use crate::fabric::{Fabric, NodeId};
use crate::receipt::Receipt;
use crate::sinks::{Forwarded, SinkHandle};
use crate::turn::Turn;

/// Delivers messages to a sink. The verdict is "rejected" if the sink refused any of them.
#[cold]
pub(super) fn deliver_to_sink(
    turn: &mut Turn<'_>,
    sink: &SinkHandle,
    options: DeliveryOptions<'_>,
    messages: &[Arc<Message>],
) -> Receipt<Verdict> {
    let counters = [&turn.counters.forwarded_to_sinks, &turn.counters.refused_by_sinks];
    forward(turn, options, messages, counters, |delivery| sink.deliver(delivery))
}

/// Sends messages to another node. The verdict is "rejected" if the fabric refused any of them.
#[cold]
pub(super) fn deliver_to_node(
    turn: &mut Turn<'_>,
    fabric: &dyn Fabric,
    node: NodeId,
    options: DeliveryOptions<'_>,
    messages: &[Arc<Message>],
) -> Receipt<Verdict> {
    let counters = [&turn.counters.forwarded_to_nodes, &turn.counters.refused_by_nodes];
    forward(turn, options, messages, counters, |delivery| fabric.send(node, delivery))
}

fn forward(
    turn: &mut Turn<'_>,
    options: DeliveryOptions<'_>,
    messages: &[Arc<Message>],
    [accepted, refused]: [&Counter; 2],
    deliver: impl Fn(&SessionDelivery<'_>) -> Forwarded,
) -> Receipt<Verdict> {
    let mut verdict = Verdict::Sent;
    for message in messages {
        turn.budget.charge(1);
        let outcome = deliver(&SessionDelivery {
            message,
            qos: options.qos.min(message.qos()),
            retain: options.retain_as_published && message.retain(),
            subscription_identifiers: options.subscription_identifiers,
            shared_filter: options.shared_filter,
        });
        match outcome {
            Forwarded::Accepted => accepted.add(1),
            Forwarded::Refused => {
                refused.add(1);
                verdict = Verdict::Dropped(DropReason::Rejected);
            }
        }
    }
    Receipt::immediate(verdict)
}
