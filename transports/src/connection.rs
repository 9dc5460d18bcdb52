//! The network connection below one or more links: what its links have in common.

use std::sync::Arc;

use tidegate_limits::{ConnectionPermit, Peer};

/// A network connection: one TCP or Unix socket, or one QUIC connection.
///
/// All links of a network connection hold the same value, so [`Arc::ptr_eq`] tells whether two links belong together.
/// The limits count a network connection once, however many links it has, until the last [`Arc`] is dropped.
#[derive(Debug)]
pub struct NetworkConnection {
    peer: Peer,
    /// Counts this network connection as open; `None` on the client's side.
    _permit: Option<ConnectionPermit>,
}

impl NetworkConnection {
    pub(crate) fn accepted(peer: Peer, permit: ConnectionPermit) -> Arc<Self> {
        Arc::new(Self { peer, _permit: Some(permit) })
    }

    /// Creates a connection that no limit counts.
    pub(crate) fn uncounted(peer: Peer) -> Arc<Self> {
        Arc::new(Self { peer, _permit: None })
    }

    /// Returns the facts that the transport knows about the other side.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }
}
