//! A subscription in the router: the subscriber's handle and the granted options.

use std::num::NonZeroU32;

use tidegate_mqtt::QoS;

use crate::subscriber_set::Keyed;

/// The handle of a session. The handle is cloned into every route that leads to the session, so cloning must be cheap,
/// for example an `Arc` or a number.
pub trait Subscriber: Clone + Send + Sync + 'static {
    /// Returns the id of the session. A session has at most one subscription per filter.
    fn id(&self) -> u64;

    /// Returns the publisher id of the session's own messages, see [`tidegate_mqtt::Message::publisher`]. It is
    /// compared for No Local.
    fn publisher(&self) -> u64 {
        self.id()
    }
}

/// The options granted to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The maximum QoS.
    pub qos: QoS,
    /// No Local: the subscriber does not receive messages that it published itself.
    pub no_local: bool,
    /// Retain As Published: the RETAIN flag is kept as the publisher set it.
    pub retain_as_published: bool,
    /// The subscription identifier. If the subscription replaces an earlier subscription, `None` removes the identifier
    /// of the earlier subscription.
    pub identifier: Option<NonZeroU32>,
}

/// A subscriber of a filter, or a member of a group.
#[derive(Clone, Debug)]
pub(crate) struct Member<S> {
    pub(crate) subscriber: S,
    pub(crate) grant: Grant,
}

impl<S: Subscriber> Keyed for Member<S> {
    fn key(&self) -> u64 {
        self.subscriber.id()
    }
}
