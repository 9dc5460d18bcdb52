//! A connection that was accepted and is not a link yet. Bound to no runtime until it is established.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tidegate_limits::{ConnectionPermit, HandshakePermit, Source};
use tokio::net::{TcpStream, UnixStream};

use super::{EstablishError, front::Front};
use crate::link::Link;
use crate::peer::{Peer, Transport};
use crate::quic;

/// An accepted connection. Dropping it refuses the peer.
#[derive(Debug)]
pub struct Incoming {
    raw: Raw,
    address: Option<SocketAddr>,
    front: Arc<Front>,
    admitted: Admitted,
}

/// What was accepted.
#[derive(Debug)]
pub(super) enum Raw {
    /// A TCP or Unix socket, not blocking.
    Stream(socket2::Socket),
    Quic(Box<quinn::Incoming>),
}

/// The places taken by a connection.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) source: Source,
    pub(super) connection: ConnectionPermit,
    pub(super) handshake: Option<HandshakePermit>,
}

impl Incoming {
    pub(super) fn new(raw: Raw, address: Option<SocketAddr>, front: Arc<Front>, admitted: Admitted) -> Self {
        Self { raw, address, front, admitted }
    }

    /// Shakes hands and makes the link, on the runtime that calls this, which will own the link. Waits for the peer, at
    /// most `handshake_timeout`, so it belongs in a task of its own.
    ///
    /// # Errors
    /// The peer failed to complete the handshake, or not in time.
    pub async fn establish(self) -> Result<Link, EstablishError> {
        let Admitted { connection, handshake, .. } = self.admitted;
        let link = match self.raw {
            Raw::Stream(socket) if !self.front.waits_for_peer() => {
                plain(socket, self.front.transport, self.address)?
            }
            raw => {
                let limit = self.front.handshake_timeout;
                let shaken = tokio::time::timeout(limit, shake_hands(raw, &self.front, self.address)).await;
                shaken.map_err(|_| EstablishError::Timeout(limit))??
            }
        };
        drop(handshake);
        Ok(link.with_permit(connection))
    }

    /// Whom the caps count this connection against.
    #[must_use]
    pub fn source(&self) -> Source {
        self.admitted.source
    }

    /// The remote address; `None` for a Unix socket.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The transport of the listener.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.front.transport
    }
}

impl Raw {
    /// Tells the peer as far as that costs nothing: an accepted socket is closed, a QUIC client gets CONNECTION_REFUSED.
    pub(super) fn refuse(self) {
        match self {
            Self::Stream(_) => {}
            Self::Quic(incoming) => incoming.refuse(),
        }
    }
}

async fn shake_hands(raw: Raw, front: &Front, address: Option<SocketAddr>) -> Result<Link, EstablishError> {
    match raw {
        Raw::Stream(socket) => {
            let stream = TcpStream::from_std(std::net::TcpStream::from(socket))?;
            front.shake_hands(stream, address).await
        }
        Raw::Quic(incoming) => {
            let (stream, peer) = quic::shake_hands(*incoming).await?;
            Ok(Link::quic(stream, peer))
        }
    }
}

fn plain(socket: socket2::Socket, transport: Transport, address: Option<SocketAddr>) -> io::Result<Link> {
    let peer = Peer::new(transport, address);
    if transport == Transport::Unix {
        let stream = std::os::unix::net::UnixStream::from(OwnedFd::from(socket));
        return Ok(Link::unix(UnixStream::from_std(stream)?, peer));
    }
    Ok(Link::tcp(TcpStream::from_std(std::net::TcpStream::from(socket))?, peer))
}
