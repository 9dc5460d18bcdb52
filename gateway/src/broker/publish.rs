//! The way of a message, from the publisher's driver to every subscriber's outbox. Synchronous, no global lock.

mod deliver;
mod group;
mod outcome;
mod raw;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, ProtocolVersion, QoS, Will};
use tidegate_routing::Verdict as Retained;

use super::publish_batch::PublishBatch;
use super::session_handle::SessionHandle;
use super::{Broker, SessionStore, Tenant};
use crate::cores::Core;
use deliver::{DeliveryOptions, deliver};
use outcome::Outcome;

/// What became of the messages of a run. All of a run share the topic, hence the fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// At least one session took them, or dropped them by its own policy.
    Delivered,
    /// Nobody subscribed.
    Unmatched,
    /// Clients may not publish there.
    Forbidden,
    /// Every session that wanted them, or the store of retained messages, was full, and the policy is to refuse.
    Refused,
}

impl Broker {
    /// Publishes a run on behalf of a client.
    pub fn publish(
        &self,
        core: &mut Core,
        from: &Arc<SessionHandle>,
        version: ProtocolVersion,
        batch: &PublishBatch<'_>,
        now: Instant,
    ) -> Published {
        let Some(topic) = batch.topic() else { return Published::Unmatched };
        let count = batch.len();
        core.counters.messages_received.add(count);
        if is_reserved(topic) {
            core.counters.refused_topic.add(count);
            return Published::Forbidden;
        }
        match batch.raw() {
            Some(raw) => self.publish_raw(core, from, version, &raw, now),
            None => self.publish_messages(core, from.tenant(), batch.messages(), now),
        }
    }

    /// Publishes the will of a client.
    pub fn publish_will(&self, core: &mut Core, handle: &SessionHandle, will: &Will, now: Instant) {
        if is_reserved(&will.topic) {
            core.counters.refused_topic.add(1);
            return;
        }
        core.counters.wills_published.add(1);
        let mut will = Cow::Borrowed(will);
        let lasts = will.retain || will.qos > QoS::AtMostOnce;
        if lasts && self.store().is_some_and(SessionStore::is_refusing) {
            // Nobody could be told of a refusal. It goes to whoever is there.
            core.counters.refused_store.add(1);
            let will = will.to_mut();
            (will.qos, will.retain) = (QoS::AtMostOnce, false);
        }
        let message = Arc::new(Message::from_will(&will, handle.publisher(), now));
        self.publish_messages(core, handle.tenant(), &[message], now);
    }

    /// Publishes messages of one topic, retained ones included.
    pub fn publish_messages(
        &self,
        core: &mut Core,
        tenant: &Tenant,
        messages: &[Arc<Message>],
        now: Instant,
    ) -> Published {
        let Some(first) = messages.first() else { return Published::Unmatched };
        let mut outcome = Outcome::new(self.retain(core, tenant, messages));
        let route = core.routes.route(tenant, first.topic());
        for delivery in &route.deliveries {
            let Some(grants) = delivery.for_publisher(first.publisher()) else { continue };
            outcome.add(deliver(
                self,
                core,
                &delivery.subscriber.0,
                DeliveryOptions::from(grants),
                messages,
                now,
            ));
        }
        self.deliver_to_groups(core, &route.groups, messages, &mut outcome, now);
        outcome.finish(core, messages.len())
    }

    /// Keeps the retained ones; `false` when there is no room for them.
    fn retain(&self, core: &mut Core, tenant: &Tenant, messages: &[Arc<Message>]) -> bool {
        let mut kept = true;
        let store = self.store();
        let refusing = store.is_some_and(SessionStore::is_refusing);
        for message in messages.iter().filter(|message| message.retain()) {
            // Those with an acknowledgement were refused before.
            if refusing && message.qos() == QoS::AtMostOnce && !message.payload().is_empty() {
                core.counters.refused_retained.add(1);
                continue;
            }
            let verdict = tenant.retained.set_then(Arc::clone(message), |verdict| {
                // Under the topic's lock, so that the store hears of its messages in their order.
                // A full store is told of nothing that changes nothing.
                let tells = verdict != Retained::Full && !(refusing && verdict == Retained::Absent);
                if let Some(store) = store.filter(|_| tells) {
                    store.retain(core, tenant.tenant(), message);
                }
            });
            if verdict == Retained::Full {
                core.counters.refused_retained.add(1);
                kept = false;
            }
        }
        kept
    }
}

/// Topics that begin with `$` belong to the broker [MQTT5-4.7.2-1].
fn is_reserved(topic: &str) -> bool {
    topic.as_bytes().first() == Some(&b'$')
}
