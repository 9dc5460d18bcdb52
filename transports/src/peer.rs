//! What the transport knows about the other side of a link. No decisions are made here.

use std::fmt;
use std::net::SocketAddr;

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
}

impl Transport {
    /// The name used in logs, metrics and configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Unix => "unix",
            Self::Tls => "tls",
            Self::WebSocket => "ws",
            Self::SecureWebSocket => "wss",
            Self::Quic => "quic",
        }
    }

    /// True when the transport encrypts.
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

/// What the TLS handshake negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The server name that the client asked for (SNI).
    pub server_name: Option<Box<str>>,
    /// The negotiated application protocol (ALPN).
    pub protocol: Option<Box<str>>,
}

/// The other side of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    transport: Transport,
    address: Option<SocketAddr>,
    tls: Option<Box<TlsFacts>>,
}

impl Peer {
    pub(crate) fn new(transport: Transport, address: Option<SocketAddr>) -> Self {
        Self { transport, address: address.map(canonical), tls: None }
    }

    pub(crate) fn with_tls(mut self, facts: TlsFacts) -> Self {
        self.tls = Some(Box::new(facts));
        self
    }

    /// The transport of the link.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The remote address; `None` for a Unix socket. An IPv4 peer of a dual-stack listener has its IPv4 address here, not
    /// the IPv4-mapped IPv6 address.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What the TLS handshake negotiated; `None` without TLS.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsFacts> {
        self.tls.as_deref()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{}://{address}", self.transport),
            None => write!(f, "{}:", self.transport),
        }
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
