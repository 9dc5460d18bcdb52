//! Sinks: receivers within the broker that are not sessions, for example bridges.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tidegate_mqtt::QoS;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_routing::{Grant, SubscribeError};
use tidegate_session::Delivery;

use crate::broker::Broker;
use crate::subscriber::{SINK_IDS, Subscriber};
use crate::tenant::{Tenant, TenantId};

/// Receives the messages of a subscription.
pub trait Sink: Send + Sync {
    /// Takes one message. Called on the cores that carry connections, several of which may call at the same time, so it
    /// must neither wait nor call the broker. A sink has a bounded queue, and refuses a message when the queue is full.
    fn deliver(&self, delivery: &Delivery<'_>) -> Forwarded;
}

/// The decision of a sink, or of the fabric, about a message. Neither promises that the message is stored.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarded {
    /// The message was taken.
    Accepted,
    /// There is no room for the message. If no other subscriber accepts it, the publisher learns that it was refused.
    Refused,
}

/// The id of a sink, unique within its broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SinkId(u64);

/// A sink in the routing table.
pub struct SinkHandle {
    id: SinkId,
    sink: Arc<dyn Sink>,
}

/// The subscriptions of the sinks. The limit of the routing table for subscriptions bounds their number.
#[derive(Default)]
pub(crate) struct Sinks {
    last_id: AtomicU64,
    subscriptions: Mutex<BTreeMap<SinkId, (TenantId, SubscriptionFilter)>>,
}

impl SinkHandle {
    /// Returns the id of the sink as a subscriber.
    pub(crate) fn subscriber_id(&self) -> u64 {
        self.id.subscriber_id()
    }

    pub(crate) fn deliver(&self, delivery: &Delivery<'_>) -> Forwarded {
        self.sink.deliver(delivery)
    }
}

impl SinkId {
    fn subscriber_id(self) -> u64 {
        SINK_IDS | self.0
    }
}

impl Broker {
    /// Subscribes a sink to a filter. The sink gets all publishes that begin from now on, at the QoS and with the
    /// RETAIN flag of the publisher, and no retained messages from before. A sink that is added several times gets a
    /// message once for each matching filter.
    ///
    /// # Errors
    /// When the subscription exceeds a limit of the routing table.
    pub fn add_sink(
        &self,
        tenant: &Tenant,
        filter: &SubscriptionFilter,
        sink: Arc<dyn Sink>,
    ) -> Result<SinkId, SubscribeError> {
        let id = SinkId(self.sinks.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let handle = Arc::new(SinkHandle { id, sink });
        tenant.router.subscribe(filter, Subscriber::Sink(handle), FORWARDED)?;
        self.sinks.subscriptions.lock().insert(id, (tenant.id(), filter.clone()));
        Ok(id)
    }

    /// Removes a sink; returns whether it existed. Publishes that have begun are still delivered to the sink.
    pub fn remove_sink(&self, id: SinkId) -> bool {
        let Some((tenant, filter)) = self.sinks.subscriptions.lock().remove(&id) else { return false };
        self.tenants.get(tenant).router.unsubscribe(&filter, id.subscriber_id())
    }
}

/// The options of subscribers that pass messages on: everything stays as published.
pub(crate) const FORWARDED: Grant =
    Grant { qos: QoS::ExactlyOnce, no_local: false, retain_as_published: true, identifier: None };
