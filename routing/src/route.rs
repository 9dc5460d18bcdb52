//! Where messages on one topic go. Built once, then kept by the caller for as long as the generation stays.

use std::sync::Arc;

use smallvec::SmallVec;
use tidegate_mqtt::QoS;

use crate::Subscriber;
use crate::group::Group;

mod merge;
#[cfg(test)]
mod tests;

pub(crate) use merge::deliveries;

/// All receivers of one topic's messages.
#[derive(Clone, Debug)]
pub struct Route<S> {
    /// One a subscriber, whatever many of its filters match `[MQTT5-3.3.4-2]`.
    pub deliveries: Vec<Delivery<S>>,
    /// Shared subscriptions: each message goes to one member of each. A session that also has an ordinary
    /// subscription gets its own copy besides.
    pub groups: Vec<Arc<Group<S>>>,
}

/// One subscriber with what its matching subscriptions grant together.
#[derive(Clone, Debug)]
pub struct Delivery<S> {
    /// Its handle.
    pub subscriber: S,
    /// The highest QoS of all matching subscriptions.
    pub qos: QoS,
    /// At least one of them asked for the RETAIN flag as published.
    pub retain_as_published: bool,
    /// Those of all matching subscriptions that have one `[MQTT5-3.3.4-4]`, equal ones too.
    pub identifiers: SmallVec<[u32; 1]>,
    own_messages: OwnMessages,
}

/// What a subscriber gets of its own messages.
#[derive(Clone, Debug)]
enum OwnMessages {
    /// The same as of others': no subscription with No Local matches.
    AsOthers,
    /// Nothing: all of them have No Local.
    Nothing,
    /// What the others grant.
    Reduced(Box<MergedGrant>),
}

/// What several subscriptions grant together.
#[derive(Clone, Debug)]
struct MergedGrant {
    qos: QoS,
    retain_as_published: bool,
    identifiers: SmallVec<[u32; 1]>,
}

/// What one publisher's message is delivered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grants<'r> {
    /// Maximum QoS.
    pub qos: QoS,
    /// Keep the RETAIN flag.
    pub retain_as_published: bool,
    /// Subscription identifiers.
    pub identifiers: &'r [u32],
}

impl<S: Subscriber> Delivery<S> {
    /// What this subscriber gets of a message of `publisher` (see [`Subscriber::publisher`]): nothing when the message is its
    /// own and only subscriptions with No Local match `[MQTT5-3.8.3-3]`.
    pub fn for_publisher(&self, publisher: u64) -> Option<Grants<'_>> {
        match &self.own_messages {
            OwnMessages::Nothing if self.subscriber.publisher() == publisher => None,
            OwnMessages::Reduced(reduced) if self.subscriber.publisher() == publisher => Some(Grants {
                qos: reduced.qos,
                retain_as_published: reduced.retain_as_published,
                identifiers: &reduced.identifiers,
            }),
            _ => Some(Grants {
                qos: self.qos,
                retain_as_published: self.retain_as_published,
                identifiers: &self.identifiers,
            }),
        }
    }
}
