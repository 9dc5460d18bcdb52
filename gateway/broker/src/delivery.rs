//! From a publisher to every subscriber: match once, then hand a copy to each session. Synchronous, without a global lock.

mod deliver;
mod group;
mod outcome;
mod publish;
mod source;
mod task;
mod unfinished;
mod will;

use tidegate_routing::Strategy;

pub use publish::PublishRequest;
pub(crate) use unfinished::PublishToken;
pub use unfinished::UnfinishedPublish;

use crate::receipt::Receipt;

/// How messages are handed to sessions. Routes and retained messages belong to the tenant, sessions to their handles.
pub(crate) struct Delivery {
    strategy: Strategy,
}

/// What became of the messages of a batch. They share the topic, hence the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// At least one session took them, or dropped them by its own policy.
    Delivered,
    /// There is no subscription.
    Unmatched,
    /// Clients may not publish to this topic.
    Forbidden,
    /// Every session that wanted them, or the store, is full, and the policy is to refuse.
    Refused,
}

/// How far a publish has come.
#[must_use = "an unfinished publish has to be resumed"]
pub enum PublishProgress {
    /// It is done.
    Done(Receipt<Published>),
    /// It costs more than one turn may spend. Nothing else may be published for this client until
    /// [`crate::Broker::resume_publish`] has finished it.
    Unfinished(Box<UnfinishedPublish>),
}

impl Delivery {
    pub(crate) fn new(strategy: Strategy) -> Self {
        Self { strategy }
    }
}

/// Topics that begin with `$` belong to the broker [MQTT5-4.7.2-1].
fn is_reserved(topic: &str) -> bool {
    topic.as_bytes().first() == Some(&b'$')
}
