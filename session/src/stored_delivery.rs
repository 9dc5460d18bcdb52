//! One delivery of a message to a session: as it is handed over, and as it waits in queue and in-flight table.

use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::{Message, Outgoing, QoS};

/// A message to be delivered to one session.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The message, shared by all its receivers.
    pub message: &'a Arc<Message>,
    /// The QoS of this delivery: the lower of the published and the granted one. `[MQTT5-3.8.4-8]`
    pub qos: QoS,
    /// The RETAIN flag of this delivery. `[MQTT5-3.3.1-13]`
    pub retain: bool,
    /// The identifiers of the subscriptions that match. `[MQTT5-3.3.4-4]`
    pub identifiers: &'a [u32],
    /// The text of the shared filter that brought it, when one did.
    pub share: Option<&'a Arc<str>>,
}

/// A delivery that outlives the call that made it.
#[derive(Clone, Debug)]
pub(crate) struct StoredDelivery {
    pub(crate) message: Arc<Message>,
    extras: Option<Box<Extras>>,
    /// The only identifier; 0 is none.
    identifier: u32,
    pub(crate) qos: QoS,
    retain: bool,
    /// Whether this connection carried it: then it holds one of the send quota.
    pub(crate) sent: bool,
    /// Whether the session's journal knows it, by the number of its message.
    logged: bool,
}

/// What few deliveries have.
#[derive(Clone, Debug)]
struct Extras {
    identifiers: Box<[u32]>,
    share: Option<Arc<str>>,
}

impl StoredDelivery {
    /// `sent`: see the field.
    #[inline(always)]
    pub(crate) fn new(delivery: &Delivery<'_>, sent: bool) -> Self {
        let rare = delivery.identifiers.len() > 1 || delivery.share.is_some();
        Self {
            message: Arc::clone(delivery.message),
            extras: if rare { Some(Extras::of(delivery)) } else { None },
            identifier: delivery.identifiers.first().copied().unwrap_or(0),
            qos: delivery.qos,
            retain: delivery.retain,
            sent,
            logged: false,
        }
    }

    /// The same, known to the session's journal by the number of its message.
    pub(crate) fn logged(delivery: &Delivery<'_>, sent: bool) -> Self {
        Self { logged: true, ..Self::new(delivery, sent) }
    }

    /// Its number in the session's journal; 0 where none is kept.
    pub(crate) fn message_id(&self) -> u64 {
        // The message may have got a number when another session took it.
        if self.logged { self.message.id() } else { 0 }
    }

    /// The delivery it was made of.
    pub(crate) fn delivery(&self) -> Delivery<'_> {
        Delivery {
            message: &self.message,
            qos: self.qos,
            retain: self.retain,
            identifiers: self.identifiers(),
            share: self.share(),
        }
    }

    /// The shared filter that brought it.
    pub(crate) fn share(&self) -> Option<&Arc<str>> {
        self.extras.as_ref()?.share.as_ref()
    }

    fn identifiers(&self) -> &[u32] {
        match &self.extras {
            Some(extras) if !extras.identifiers.is_empty() => &extras.identifiers,
            _ if self.identifier == 0 => &[],
            _ => std::slice::from_ref(&self.identifier),
        }
    }
}

impl Extras {
    #[cold]
    fn of(delivery: &Delivery<'_>) -> Box<Self> {
        let single = delivery.identifiers.len() <= 1;
        let identifiers = if single { &[] } else { delivery.identifiers };
        Box::new(Self { identifiers: identifiers.into(), share: delivery.share.cloned() })
    }
}

impl Delivery<'_> {
    #[inline]
    pub(crate) fn outgoing(&self, now: Instant) -> Outgoing<'_> {
        let mut outgoing = Outgoing::of(self.message, now);
        outgoing.qos = self.qos;
        outgoing.retain = self.retain;
        outgoing.identifiers = self.identifiers;
        outgoing
    }
}
