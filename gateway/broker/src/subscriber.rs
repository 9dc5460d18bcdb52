//! Who gets messages: a session of this node, another node, or a sink.

use std::sync::Arc;

use tidegate_routing::Subscriber as RoutingSubscriber;

use crate::fabric::NodeId;
use crate::session_handle::SessionHandle;
use crate::sinks::SinkHandle;

/// A subscriber in the routing table.
#[derive(Clone)]
pub enum Subscriber {
    /// A session of this node.
    Session(Arc<SessionHandle>),
    /// Another node, which delivers the messages to its own subscribers.
    Remote(NodeId),
    /// A sink within this node, for example a bridge.
    Sink(Arc<SinkHandle>),
}

impl Subscriber {
    /// Returns the session, if the subscriber is one.
    #[must_use]
    pub fn session(&self) -> Option<&Arc<SessionHandle>> {
        match self {
            Self::Session(handle) => Some(handle),
            Self::Remote(_) | Self::Sink(_) => None,
        }
    }

    /// Returns the id of another node in the routing table.
    pub(crate) fn id_of_node(node: NodeId) -> u64 {
        REMOTE_IDS | u64::from(node.0)
    }
}

impl RoutingSubscriber for Subscriber {
    #[inline]
    fn id(&self) -> u64 {
        match self {
            Self::Session(handle) => handle.id(),
            Self::Remote(node) => Self::id_of_node(*node),
            Self::Sink(sink) => sink.subscriber_id(),
        }
    }

    /// Returns the publisher id of a session's own messages. Nodes and sinks get the messages of every publisher.
    #[inline]
    fn publisher(&self) -> u64 {
        match self {
            Self::Session(handle) => handle.publisher(),
            Self::Remote(_) | Self::Sink(_) => self.id(),
        }
    }
}

// Sessions have ids below 2⁶³.
/// Added to the id of a node.
const REMOTE_IDS: u64 = 1 << 63;
/// Added to the id of a sink.
pub(crate) const SINK_IDS: u64 = 0b11 << 62;
