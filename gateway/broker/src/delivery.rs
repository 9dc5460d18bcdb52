//! Delivers messages from a publisher to every subscriber: matches the topic once, then gives a copy to each
//! subscriber. Synchronous, without a global lock.

mod deliver;
mod forward;
mod group;
mod outcome;
mod publish;
mod refusal;
mod source;
mod task;
mod unfinished;
mod will;

use tidegate_routing::Strategy;

pub use publish::PublishRequest;
pub(crate) use unfinished::PublishToken;
pub use unfinished::UnfinishedPublish;

use crate::receipt::Receipt;

/// The part of the broker that gives messages to sessions. Routes and retained messages belong to the tenant, and the
/// state of each session to its handle.
pub(crate) struct Delivery {
    strategy: Strategy,
}

/// The outcome of a publish batch. All its messages have the same topic, so they share the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// At least one session accepted the messages, or dropped them by its own policy.
    Delivered,
    /// No subscription matches the topic.
    Unmatched,
    /// Clients may not publish to this topic.
    Forbidden,
    /// The messages were refused: the store or the retained messages have no room, or every matching session is full
    /// and the policy for full queues is to refuse.
    Refused,
}

/// The progress of a publish.
#[must_use = "an unfinished publish has to be resumed"]
pub enum PublishProgress {
    /// The publish is finished.
    Done(Receipt<Published>),
    /// The publish costs more than one turn may spend. Nothing else may be published for this client until
    /// [`crate::Broker::resume_publish`] has finished it.
    Unfinished(Box<UnfinishedPublish>),
}

impl Delivery {
    pub(crate) fn new(strategy: Strategy) -> Self {
        Self { strategy }
    }
}

/// Whether the topic begins with `$`: such topics belong to the broker [MQTT5-4.7.2-1].
fn is_reserved_topic(topic: &str) -> bool {
    topic.as_bytes().first() == Some(&b'$')
}
