//! Accepts connections. Accepting never waits for a peer. The handshakes (TLS, HTTP, QUIC), which do wait, are part of
//! [`Incoming::establish`], which runs on the runtime that will own the links.

use std::error::Error;
use std::io;
use std::sync::Arc;

use tidegate_limits::{Connections, Handshakes, ListenerConnections, PEER_LOG_TARGET, Source};

mod acceptor_stack;
mod certificate;
mod config;
mod error;
mod established;
mod incoming;
mod quic;
mod socket;
mod streams;
mod unix;

pub use certificate::CertificateHandle;
pub use config::{Endpoint, ListenerConfig, LocalAddress};
pub use error::{BindError, EstablishError};
pub use established::{Established, FurtherLinks};
pub use incoming::Incoming;

use acceptor_stack::AcceptorStack;
use incoming::{Accepted, Permits};
use quic::QuicSocket;
use streams::StreamSocket;

/// The limits that all listeners share.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The limits on simultaneous handshakes.
    pub handshakes: Arc<Handshakes>,
    /// The limits on open connections.
    pub connections: Arc<Connections>,
}

/// A bound endpoint. Any thread may bind an endpoint: the socket is registered with the runtime of the first
/// [`Listener::accept`].
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: LocalAddress,
    acceptor_stack: Arc<AcceptorStack>,
    handshakes: Arc<Handshakes>,
    connections: Arc<ListenerConnections>,
}

#[derive(Debug)]
enum Socket {
    Streams(StreamSocket),
    Quic(Arc<QuicSocket>),
}

/// Binds an endpoint and listens on it.
///
/// # Errors
/// Returns an error if the address cannot be bound, or if the certificate and key cannot be used.
pub fn bind(config: &ListenerConfig, limits: &Limits) -> Result<Listener, BindError> {
    let acceptor_stack = Arc::new(AcceptorStack::new(config)?);
    let (socket, address) = match &config.endpoint {
        Endpoint::Quic { address, material, keys, config } => {
            let (socket, bound) = QuicSocket::bind(*address, material, keys, config)?;
            (Socket::Quic(Arc::new(socket)), LocalAddress::Network(bound))
        }
        Endpoint::Unix { path, mode } => {
            let socket = unix::listen(path, *mode, config.backlog)?;
            (Socket::Streams(socket), LocalAddress::Unix(path.clone()))
        }
        Endpoint::Tcp { address }
        | Endpoint::Tls { address, .. }
        | Endpoint::WebSocket { address, .. }
        | Endpoint::SecureWebSocket { address, .. } => {
            let (socket, bound) = socket::listen(*address, config.backlog)?;
            (Socket::Streams(StreamSocket::new(socket)), LocalAddress::Network(bound))
        }
    };
    Ok(Listener {
        socket,
        address,
        acceptor_stack,
        handshakes: Arc::clone(&limits.handshakes),
        connections: limits.connections.for_listener(config.connections_max),
    })
}

impl Listener {
    /// Waits for the next connection within the limits. Connections above a limit are refused and counted. The function
    /// is cancel-safe.
    ///
    /// # Errors
    /// Returns an error if the process or machine lacks a resource (file descriptors, memory). The error is returned
    /// after a short pause, so the caller may log it and call `accept` again.
    pub async fn accept(&self) -> io::Result<Incoming> {
        loop {
            let (accepted, address) = match &self.socket {
                Socket::Streams(socket) => socket.accept().await?,
                Socket::Quic(socket) => socket.accept(&self.handshakes).await?,
            };
            let source = address.map_or(Source::Local, |address| Source::from(address.ip()));
            match self.admit(source) {
                Ok(permits) => {
                    return Ok(Incoming::new(accepted, address, Arc::clone(&self.acceptor_stack), permits));
                }
                Err(refusal) => {
                    let transport = self.acceptor_stack.transport.name();
                    tracing::info!(target: PEER_LOG_TARGET, transport, peer = %source, %refusal, "connection refused");
                    accepted.refuse();
                }
            }
        }
    }

    /// Waits until all QUIC connections of this listener are closed and their peers have been notified. Returns
    /// immediately for other transports. The caller should set a timeout, because the function also waits for peers
    /// that are no longer reachable.
    pub async fn wait_idle(&self) {
        if let Socket::Quic(socket) = &self.socket {
            socket.wait_idle().await;
        }
    }

    /// Returns the address that the listener is bound to, with the actual port if port 0 was requested.
    #[must_use]
    pub fn local_address(&self) -> &LocalAddress {
        &self.address
    }

    /// Returns a handle that replaces the certificate while the listener runs; `None` if its transport is not
    /// encrypted.
    #[must_use]
    pub fn certificate(&self) -> Option<CertificateHandle> {
        match &self.socket {
            Socket::Streams(_) => CertificateHandle::of_streams(&self.acceptor_stack),
            Socket::Quic(socket) => Some(CertificateHandle::of_quic(socket)),
        }
    }

    /// Returns the connection counters of this listener.
    #[must_use]
    pub fn connections(&self) -> &ListenerConnections {
        &self.connections
    }

    fn admit(&self, source: Source) -> Result<Permits, Box<dyn Error + Send + Sync>> {
        let connection = self.connections.admit()?;
        let handshake =
            if self.acceptor_stack.needs_handshake() { Some(self.handshakes.admit(source)?) } else { None };
        Ok(Permits { source, connection, handshake })
    }
}
