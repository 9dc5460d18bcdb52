//! The bidirectional streams that a client opens after the control stream, as links.

use std::sync::Arc;

use quinn::Connection;
use tokio::sync::Semaphore;

use super::QuicStream;
use crate::connection::NetworkConnection;
use crate::link::Link;

/// Accepts the data streams of one QUIC connection.
#[derive(Debug)]
pub(crate) struct QuicLinks {
    connection: Connection,
    network: Arc<NetworkConnection>,
    /// One permit for each data stream that may exist. QUIC's own stream limit does not suffice: once both sides have
    /// ended a stream, the client may open another one, although the link of the ended stream may still exist.
    free: Arc<Semaphore>,
}

impl QuicLinks {
    /// Accepts at most `links_max` data streams at the same time.
    pub(crate) fn new(connection: Connection, network: Arc<NetworkConnection>, links_max: usize) -> Self {
        Self { connection, network, free: Arc::new(Semaphore::new(links_max.min(Semaphore::MAX_PERMITS))) }
    }

    /// Waits for the next data stream. Returns `None` when the connection has ended. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Option<Link> {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        let (send, receive) = self.connection.accept_bi().await.ok()?;
        let stream = QuicStream::data(self.connection.clone(), send, receive, permit);
        Some(Link::quic(stream, Arc::clone(&self.network)))
    }
}
