//! Messages to one session, under one lock.

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

/// What a subscriber gets of a route: the grants of all its matching subscriptions together.
#[derive(Clone, Copy)]
pub(super) struct DeliveryOptions<'a> {
    pub(super) qos: QoS,
    pub(super) retain_as_published: bool,
    pub(super) identifiers: &'a [u32],
    /// The text of the shared filter that brought it, if one did.
    pub(super) share: Option<&'a Arc<str>>,
}

impl<'a> From<Grants<'a>> for DeliveryOptions<'a> {
    fn from(grants: Grants<'a>) -> Self {
        Self {
            qos: grants.qos,
            retain_as_published: grants.retain_as_published,
            identifiers: grants.identifiers,
            share: None,
        }
    }
}

impl Delivery {
    /// Delivers messages to one session; the verdict is that of the last.
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
        turn.budget.charge(u32::try_from(messages.len()).unwrap_or(u32::MAX));
        let mut last = Verdict::Queued;
        for message in messages {
            // A message that comes through a shared subscription may come to the session in another way as well.
            let copy = store.filter(|_| options.share.is_some()).map(|store| store.copy_with_new_id(message));
            let message = copy.as_ref().unwrap_or(message);
            if let Some(store) = store {
                store.assign_id(message);
            } else if let Some(scope) =
                scope.filter(|_| options.share.is_some() && options.qos > QoS::AtMostOnce)
            {
                keep_in_scope(broker, &mut session, scope, message);
            }
            let delivery = SessionDelivery {
                message,
                qos: options.qos.min(message.qos()),
                retain: options.retain_as_published && message.retain(),
                identifiers: options.identifiers,
                share: options.share,
            };
            last = session.session.push(&delivery, turn.now);
            count(turn.counters, last, 1);
        }
        Receipt::new(last, session.finish_in(turn, scope))
    }
}

/// A copy of a shared subscription that is not stored may move to a session that is, while the publish is not finished.
#[cold]
fn keep_in_scope(
    broker: &Broker,
    session: &mut SessionGuard<'_>,
    scope: &Arc<PublishScope>,
    message: &Message,
) {
    if let Some(store) = broker.durability.store() {
        store.assign_id(message);
        session.keep_in_scope(scope, message.id());
    }
}

/// Counts copies. Drops are in the session's own count.
pub(super) fn count(counters: &Counters, verdict: Verdict, copies: u64) {
    match verdict {
        Verdict::Sent => counters.messages_sent.add(copies),
        Verdict::Queued => counters.messages_queued.add(copies),
        _ => {}
    }
}
