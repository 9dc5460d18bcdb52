//! What a subscription is to the router: a handle of the subscriber, and what was granted to it.

use std::num::NonZeroU32;

use tidegate_mqtt::QoS;

use crate::subscriber_set::Keyed;

/// Handle of a session. Cloned into every route that leads to it, so it should be an `Arc` or a number.
pub trait Subscriber: Clone + Send + Sync + 'static {
    /// Identity of the session: one subscription a filter and id.
    fn id(&self) -> u64;

    /// The number that its own messages carry as [`tidegate_mqtt::Message::publisher`], for No Local.
    fn publisher(&self) -> u64 {
        self.id()
    }
}

/// What a subscription was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Maximum QoS.
    pub qos: QoS,
    /// Messages that the subscriber published itself are left out.
    pub no_local: bool,
    /// The RETAIN flag is kept as the publisher set it.
    pub retain_as_published: bool,
    /// Subscription identifier; absence counts too: it clears an earlier one.
    pub identifier: Option<NonZeroU32>,
}

/// One subscriber of one filter, or one member of one group.
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
