//! Delivers messages to one session, under one lock.

use std::sync::Arc;

use tidegate_mqtt::{Message, QoS};
use tidegate_routing::Grants;
use tidegate_session::{Delivery as SessionDelivery, Verdict};

use super::Delivery;
use crate::broker::Broker;
use crate::counters::Counters;
use crate::durability::PublishScope;
use crate::receipt::Receipt;
use crate::session_guard::SessionGuard;
use crate::turn::Turn;

/// How a subscriber gets the messages of a route: the combined options of all its matching subscriptions.
#[derive(Clone, Copy)]
pub(super) struct DeliveryOptions<'a> {
    pub(super) qos: QoS,
    pub(super) retain_as_published: bool,
    pub(super) subscription_identifiers: &'a [u32],
    /// The filter of the shared subscription through which the messages are delivered, if any.
    pub(super) shared_filter: Option<&'a Arc<str>>,
}

impl<'a> From<Grants<'a>> for DeliveryOptions<'a> {
    fn from(grants: Grants<'a>) -> Self {
        Self {
            qos: grants.qos,
            retain_as_published: grants.retain_as_published,
            subscription_identifiers: grants.subscription_identifiers,
            shared_filter: None,
        }
    }
}

impl Delivery {
    /// Delivers messages to one session. Returns the session's verdict on the last message.
    pub(super) fn deliver(
        &self,
        broker: &Broker,
        turn: &mut Turn<'_>,
        mut session: SessionGuard<'_>,
        options: DeliveryOptions<'_>,
        messages: &[Arc<Message>],
        scope: Option<&Arc<PublishScope>>,
    ) -> Receipt<Verdict> {
        let is_stored = options.qos > QoS::AtMostOnce && session.session.is_persistent();
        let store = broker.durability.store().filter(|_| is_stored);
        if store.is_some() {
            session.session.borrow_scratch(&mut turn.scratch.changes);
        }
        // A copy for a shared subscription joins the scope even if its session is not stored: if the session ends, the
        // message may be delivered to another member of the group.
        if let Some(scope) = scope.filter(|_| is_stored || options.shared_filter.is_some()) {
            session.join_scope(scope);
        }
        turn.budget.charge(u32::try_from(messages.len()).unwrap_or(u32::MAX));
        let mut last = Verdict::Queued;
        for message in messages {
            // The session may also get the same message through a subscription that is not shared.
            let copy = store
                .filter(|_| options.shared_filter.is_some())
                .map(|store| store.copy_with_new_id(message));
            let message = copy.as_ref().unwrap_or(message);
            if let Some(store) = store {
                store.assign_id(message);
            } else if let (Some(scope), Some(_)) = (scope, options.shared_filter) {
                record_in_scope(broker, scope, message);
            }
            let delivery = SessionDelivery {
                message,
                qos: options.qos.min(message.qos()),
                retain: options.retain_as_published && message.retain(),
                subscription_identifiers: options.subscription_identifiers,
                shared_filter: options.shared_filter,
            };
            last = session.session.push(&delivery, turn.now);
            count_copies(turn.counters, last, 1);
        }
        Receipt::new(last, session.finish_in(turn, scope))
    }
}

/// Records in the scope that a copy for a shared subscription belongs to it, although this session is not stored.
/// Before the publish is finished, the copy may be redelivered to a member whose session is stored.
#[cold]
fn record_in_scope(broker: &Broker, scope: &PublishScope, message: &Message) {
    if let Some(store) = broker.durability.store() {
        store.assign_id(message);
        scope.record_delivery(message.id());
    }
}

/// Counts sent and queued copies. Dropped copies are counted by the session itself.
pub(super) fn count_copies(counters: &Counters, verdict: Verdict, copies: u64) {
    match verdict {
        Verdict::Sent => counters.messages_sent.add(copies),
        Verdict::Queued => counters.messages_queued.add(copies),
        _ => {}
    }
}
