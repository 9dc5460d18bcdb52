//! One delivery of a message to a session: borrowed while it is pushed, owned while it is in the queue or the in-flight
//! table.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, OutgoingPublish, QoS};

/// A message to be delivered to one session.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The message, shared by all its receivers.
    pub message: &'a Arc<Message>,
    /// The QoS of this delivery: the lower of the published QoS and the granted QoS. `[MQTT5-3.8.4-8]`
    pub qos: QoS,
    /// The RETAIN flag of this delivery. `[MQTT5-3.3.1-13]`
    pub retain: bool,
    /// The subscription identifiers of the matching subscriptions. `[MQTT5-3.3.4-4]`
    pub subscription_identifiers: &'a [u32],
    /// The text of the shared subscription's filter, if the message was received through one.
    pub shared_filter: Option<&'a Arc<str>>,
}

/// A delivery that owns its data, to be kept in the queue or the in-flight table.
#[derive(Clone, Debug)]
pub(crate) struct StoredDelivery {
    pub(crate) message: Arc<Message>,
    extras: Option<Box<Extras>>,
    /// The subscription identifier if there is at most one; 0 means none.
    identifier: u32,
    pub(crate) qos: QoS,
    retain: bool,
    /// Whether the message was sent on the present connection, so that it counts against the send quota.
    pub(crate) sent: bool,
    /// Whether the session's change log records this delivery, under the id of its message.
    logged: bool,
}

/// Data that few deliveries have. These fields are on the heap to keep [`StoredDelivery`] small.
#[derive(Clone, Debug)]
struct Extras {
    subscription_identifiers: Box<[u32]>,
    shared_filter: Option<Arc<str>>,
}

impl StoredDelivery {
    /// Creates a delivery that the change log does not record. For `sent`, see [`StoredDelivery::sent`].
    #[inline(always)]
    pub(crate) fn new(delivery: &Delivery<'_>, sent: bool) -> Self {
        let rare = delivery.subscription_identifiers.len() > 1 || delivery.shared_filter.is_some();
        Self {
            message: Arc::clone(delivery.message),
            extras: if rare { Some(Extras::from_delivery(delivery)) } else { None },
            identifier: delivery.subscription_identifiers.first().copied().unwrap_or(0),
            qos: delivery.qos,
            retain: delivery.retain,
            sent,
            logged: false,
        }
    }

    /// Creates a delivery that the session's change log records under the id of its message.
    pub(crate) fn logged(delivery: &Delivery<'_>, sent: bool) -> Self {
        Self { logged: true, ..Self::new(delivery, sent) }
    }

    /// Returns the message id under which the session's change log records this delivery; 0 if it is not recorded.
    pub(crate) fn message_id(&self) -> u64 {
        // Another session may have assigned the message its id, so a nonzero id does not mean that this session records
        // the delivery.
        if self.logged { self.message.id() } else { 0 }
    }

    /// Returns the delivery from which this value was created.
    pub(crate) fn delivery(&self) -> Delivery<'_> {
        Delivery {
            message: &self.message,
            qos: self.qos,
            retain: self.retain,
            subscription_identifiers: self.subscription_identifiers(),
            shared_filter: self.shared_filter(),
        }
    }

    /// Returns the text of the shared subscription's filter if the message was received through a shared subscription.
    pub(crate) fn shared_filter(&self) -> Option<&Arc<str>> {
        self.extras.as_ref()?.shared_filter.as_ref()
    }

    fn subscription_identifiers(&self) -> &[u32] {
        match &self.extras {
            Some(extras) if !extras.subscription_identifiers.is_empty() => &extras.subscription_identifiers,
            _ if self.identifier == 0 => &[],
            _ => std::slice::from_ref(&self.identifier),
        }
    }
}

impl Extras {
    #[cold]
    fn from_delivery(delivery: &Delivery<'_>) -> Box<Self> {
        let single = delivery.subscription_identifiers.len() <= 1;
        let subscription_identifiers = if single { &[] } else { delivery.subscription_identifiers };
        Box::new(Self {
            subscription_identifiers: subscription_identifiers.into(),
            shared_filter: delivery.shared_filter.cloned(),
        })
    }
}

impl Delivery<'_> {
    #[inline]
    pub(crate) fn outgoing(&self, now: Instant) -> OutgoingPublish<'_> {
        let mut outgoing = OutgoingPublish::from_message(self.message, now);
        outgoing.qos = self.qos;
        outgoing.retain = self.retain;
        outgoing.subscription_identifiers = self.subscription_identifiers;
        outgoing
    }
}
