//! The facts that a transport knows about the other side of a connection. Admission and authentication use these facts.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The transport that a link runs over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Plain TCP.
    Tcp,
    /// A Unix stream socket.
    Unix,
    /// TLS over TCP.
    Tls,
    /// WebSocket over TCP.
    WebSocket,
    /// WebSocket over TLS.
    SecureWebSocket,
    /// One QUIC stream.
    Quic,
    /// A connection in memory between two tasks of this process.
    Memory,
}

impl Transport {
    /// Returns the name used in logs, metrics and configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Unix => "unix",
            Self::Tls => "tls",
            Self::WebSocket => "ws",
            Self::SecureWebSocket => "wss",
            Self::Quic => "quic",
            Self::Memory => "memory",
        }
    }

    /// Returns whether the transport is encrypted.
    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::SecureWebSocket | Self::Quic)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The parameters that the TLS handshake negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// The TLS version: `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The server name that the client requested (SNI).
    pub server_name: Option<Box<str>>,
    /// The negotiated application protocol (ALPN).
    pub protocol: Option<Box<str>>,
}

/// The other side of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    transport: Transport,
    /// IP address and port. Every connection stores them, and this pair is smaller than a `SocketAddr`.
    address: Option<(IpAddr, u16)>,
    tls: Option<Arc<TlsFacts>>,
}

impl Peer {
    /// Creates the facts about a peer without TLS. `address` is the remote address, if the transport has one.
    #[must_use]
    pub fn new(transport: Transport, address: Option<SocketAddr>) -> Self {
        Self {
            transport,
            address: address.map(|address| (address.ip().to_canonical(), address.port())),
            tls: None,
        }
    }

    /// Adds the parameters that the TLS handshake negotiated.
    #[must_use]
    pub fn with_tls(mut self, facts: TlsFacts) -> Self {
        self.tls = Some(Arc::new(facts));
        self
    }

    /// Returns the transport of the link.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns the remote address; `None` for a Unix socket and for memory. For an IPv4 peer of a dual-stack listener,
    /// the result is its IPv4 address, not the IPv4-mapped IPv6 address.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address.map(SocketAddr::from)
    }

    /// Returns the parameters that the TLS handshake negotiated; `None` without TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_deref()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(address) => write!(f, "{}://{address}", self.transport),
            None => write!(f, "{}:", self.transport),
        }
    }
}
