//! The connection between nodes: which nodes there are, and how a message gets to one of them.

use tidegate_mqtt::topic::SubscriptionFilter;
pub use tidegate_persistence::NodeId;
use tidegate_routing::SubscribeError;
use tidegate_session::Delivery;

use crate::broker::Broker;
use crate::sinks::{FORWARDED, Forwarded};
use crate::subscriber::Subscriber;
use crate::tenant::Tenant;

/// Carries messages to the other nodes of a cluster.
///
/// The broker calls the fabric on the cores that carry connections, so its methods must not wait. A fabric has a
/// bounded queue for each node, and refuses a message when the queue is full.
pub trait Fabric: Send + Sync {
    /// Whether this is the id of another node.
    fn is_node(&self, node: NodeId) -> bool;

    /// Passes on one message to a node, which is a subscriber of its topic. A node gets a message once, however many of
    /// its subscriptions match, and once more for each shared subscription for which it was selected.
    fn send(&self, node: NodeId, delivery: &Delivery<'_>) -> Forwarded;
}

/// The fabric of a broker that runs alone: there are no other nodes.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalFabric;

/// The reason why a node was not subscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeNodeError {
    /// The fabric has no such node.
    #[error("there is no node {}: add it to the cluster first", .0.0)]
    UnknownNode(NodeId),
    /// The routing table does not accept the subscription.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
}

impl Fabric for LocalFabric {
    fn is_node(&self, _: NodeId) -> bool {
        false
    }

    fn send(&self, _: NodeId, _: &Delivery<'_>) -> Forwarded {
        Forwarded::Refused
    }
}

impl Broker {
    /// Subscribes another node to a filter, on behalf of its clients. Publishes that begin from now on are sent to the
    /// node.
    ///
    /// # Errors
    /// When the fabric does not have this node, or the subscription exceeds a limit of the routing table.
    pub fn subscribe_node(
        &self,
        tenant: &Tenant,
        filter: &SubscriptionFilter,
        node: NodeId,
    ) -> Result<(), SubscribeNodeError> {
        if !self.fabric.is_node(node) {
            return Err(SubscribeNodeError::UnknownNode(node));
        }
        tenant.router.subscribe(filter, Subscriber::Remote(node), FORWARDED)?;
        Ok(())
    }

    /// Ends the subscription of another node; returns whether it existed. Publishes that have begun are still sent.
    pub fn unsubscribe_node(&self, tenant: &Tenant, filter: &SubscriptionFilter, node: NodeId) -> bool {
        tenant.router.unsubscribe(filter, Subscriber::id_of_node(node))
    }
}
