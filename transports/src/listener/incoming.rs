//! An accepted connection that is not a link yet. The connection belongs to no runtime until it is established.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tidegate_limits::{ConnectionPermit, HandshakePermit, Peer, Source, Transport};
use tokio::net::{TcpStream, UnixStream};

use super::{EstablishError, Established, acceptor_stack::AcceptorStack};
use crate::connection::NetworkConnection;
use crate::link::Link;
use crate::quic;

/// An accepted connection. Dropping the value refuses the connection.
#[derive(Debug)]
pub struct Incoming {
    accepted: Accepted,
    address: Option<SocketAddr>,
    acceptor_stack: Arc<AcceptorStack>,
    permits: Permits,
}

/// An accepted socket or QUIC connection attempt.
#[derive(Debug)]
pub(super) enum Accepted {
    /// A TCP or Unix socket in non-blocking mode.
    Stream(socket2::Socket),
    Quic {
        attempt: Box<quinn::Incoming>,
        /// Maximum number of links of the connection.
        streams_max: u32,
    },
}

/// The permits that a connection holds, and the source for which they are counted.
#[derive(Debug)]
pub(super) struct Permits {
    pub(super) source: Source,
    pub(super) connection: ConnectionPermit,
    pub(super) handshake: Option<HandshakePermit>,
}

impl Incoming {
    pub(super) fn new(
        accepted: Accepted,
        address: Option<SocketAddr>,
        acceptor_stack: Arc<AcceptorStack>,
        permits: Permits,
    ) -> Self {
        Self { accepted, address, acceptor_stack, permits }
    }

    /// Performs the handshakes and creates the first link. The calling runtime becomes the owner of this link and of
    /// all further links. The function waits for the peer, for at most `handshake_timeout`, so it should run in its own
    /// task.
    ///
    /// # Errors
    /// Returns an error if a handshake fails, or if the handshakes are not complete within the time limit.
    pub async fn establish(self) -> Result<Established, EstablishError> {
        let Permits { connection, handshake, .. } = self.permits;
        let established = match self.accepted {
            Accepted::Stream(socket) if !self.acceptor_stack.needs_handshake() => {
                let peer = Peer::new(self.acceptor_stack.transport, self.address);
                let link = plain_link(socket, NetworkConnection::accepted(peer, connection))?;
                Established { link, further: None }
            }
            accepted => {
                let limit = self.acceptor_stack.handshake_timeout;
                let established = tokio::time::timeout(
                    limit,
                    perform_handshake(accepted, &self.acceptor_stack, self.address, connection),
                )
                .await;
                established.map_err(|_| EstablishError::Timeout(limit))??
            }
        };
        drop(handshake);
        Ok(established)
    }

    /// Returns the source for which the limits count this connection.
    #[must_use]
    pub fn source(&self) -> Source {
        self.permits.source
    }

    /// Returns the remote address; `None` for a Unix socket.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Returns the transport of the listener.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.acceptor_stack.transport
    }
}

impl Accepted {
    /// Refuses the connection without waiting: an accepted socket is closed, a QUIC client gets CONNECTION_REFUSED.
    pub(super) fn refuse(self) {
        match self {
            Self::Stream(_) => {}
            Self::Quic { attempt, .. } => attempt.refuse(),
        }
    }
}

async fn perform_handshake(
    accepted: Accepted,
    acceptor_stack: &AcceptorStack,
    address: Option<SocketAddr>,
    permit: ConnectionPermit,
) -> Result<Established, EstablishError> {
    match accepted {
        Accepted::Stream(socket) => {
            let stream = TcpStream::from_std(std::net::TcpStream::from(socket))?;
            let link = acceptor_stack.perform_handshake(stream, address, permit).await?;
            Ok(Established { link, further: None })
        }
        Accepted::Quic { attempt, streams_max } => {
            quic::perform_handshake(*attempt, streams_max, permit).await
        }
    }
}

fn plain_link(socket: socket2::Socket, connection: Arc<NetworkConnection>) -> io::Result<Link> {
    if connection.peer().transport() == Transport::Unix {
        let stream = std::os::unix::net::UnixStream::from(OwnedFd::from(socket));
        return Ok(Link::unix(UnixStream::from_std(stream)?, connection));
    }
    Ok(Link::tcp(TcpStream::from_std(std::net::TcpStream::from(socket))?, connection))
}
