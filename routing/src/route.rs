//! The receivers of messages on one topic. The caller builds a route once and reuses it until the router's generation
//! changes.

use std::sync::Arc;

use smallvec::SmallVec;
use tidegate_mqtt::QoS;

use crate::Subscriber;
use crate::group::Group;

mod merge;
#[cfg(test)]
mod tests;

pub(crate) use merge::deliveries;

/// All receivers of messages on one topic.
#[derive(Clone, Debug)]
pub struct Route<S> {
    /// One delivery per subscriber, however many of its filters match `[MQTT5-3.3.4-2]`.
    pub deliveries: Vec<Delivery<S>>,
    /// The matching shared subscriptions. Each message goes to one member of each group. A session that is a member of
    /// a group and also has a matching ordinary subscription may receive one copy for each.
    pub groups: Vec<Arc<Group<S>>>,
}

/// One subscriber with the combined grants of its matching subscriptions.
#[derive(Clone, Debug)]
pub struct Delivery<S> {
    /// The handle of the subscriber's session.
    pub subscriber: S,
    /// The highest QoS granted to any matching subscription.
    pub qos: QoS,
    /// Whether at least one matching subscription has Retain As Published set.
    pub retain_as_published: bool,
    /// The subscription identifiers of all matching subscriptions that have one `[MQTT5-3.3.4-4]`. If two subscriptions
    /// have the same identifier, the identifier occurs twice.
    pub subscription_identifiers: SmallVec<[u32; 1]>,
    own_messages: OwnMessages,
}

/// The way in which the subscriber receives messages that it published itself.
#[derive(Clone, Debug)]
enum OwnMessages {
    /// The subscriber receives its own messages like those of other publishers: no matching subscription has No Local
    /// set.
    AsOthers,
    /// The subscriber does not receive its own messages: all matching subscriptions have No Local set.
    Nothing,
    /// The subscriber receives its own messages with the combined grants of the matching subscriptions without No
    /// Local.
    Reduced(Box<MergedGrant>),
}

/// The combined grants of several subscriptions.
#[derive(Clone, Debug)]
struct MergedGrant {
    qos: QoS,
    retain_as_published: bool,
    subscription_identifiers: SmallVec<[u32; 1]>,
}

/// The options with which a message of one publisher is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grants<'r> {
    /// The maximum QoS of the delivery.
    pub qos: QoS,
    /// Whether the RETAIN flag is kept as the publisher set it.
    pub retain_as_published: bool,
    /// The subscription identifiers.
    pub subscription_identifiers: &'r [u32],
}

impl<S: Subscriber> Delivery<S> {
    /// Returns the options for a message of this publisher (see [`Subscriber::publisher`]). Returns `None` if the
    /// subscriber published the message itself and all its matching subscriptions have No Local set `[MQTT5-3.8.3-3]`.
    pub fn for_publisher(&self, publisher: u64) -> Option<Grants<'_>> {
        match &self.own_messages {
            OwnMessages::Nothing if self.subscriber.publisher() == publisher => None,
            OwnMessages::Reduced(reduced) if self.subscriber.publisher() == publisher => Some(Grants {
                qos: reduced.qos,
                retain_as_published: reduced.retain_as_published,
                subscription_identifiers: &reduced.subscription_identifiers,
            }),
            _ => Some(Grants {
                qos: self.qos,
                retain_as_published: self.retain_as_published,
                subscription_identifiers: &self.subscription_identifiers,
            }),
        }
    }
}
