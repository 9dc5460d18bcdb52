//! Settings of a listener.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::peer::Transport;
use crate::quic::{QuicConfig, QuicKeys};
use crate::tls::ServerMaterial;
use crate::websocket::WebSocketConfig;

/// One listener.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// Where and how to listen.
    pub endpoint: Endpoint,
    /// Connections that the kernel queues until they are accepted. Default 1,024; the kernel limits it to
    /// `net.core.somaxconn`. QUIC ignores it.
    pub backlog: u32,
    /// Time limit for all handshakes together: TLS, the HTTP upgrade, or QUIC up to its first stream. Default 10 s.
    pub handshake_timeout: Duration,
    /// Maximum number of open connections of this listener. Default 1,000,000.
    pub connections_max: usize,
}

impl ListenerConfig {
    /// The default settings for `endpoint`.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            backlog: 1024,
            handshake_timeout: Duration::from_secs(10),
            connections_max: 1_000_000,
        }
    }
}

/// Where and how to listen. The IPv6 address `::` accepts IPv4 connections too.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// Plain TCP.
    Tcp {
        /// Address and port.
        address: SocketAddr,
    },
    /// A Unix stream socket. A stale socket file is replaced. A socket file in use, or a file of another kind, is an error.
    Unix {
        /// The socket file.
        path: PathBuf,
        /// Permissions of the socket file, such as `0o660`.
        mode: u32,
    },
    /// TLS over TCP.
    Tls {
        /// Address and port.
        address: SocketAddr,
        /// Certificate and key.
        material: ServerMaterial,
    },
    /// WebSocket over TCP.
    WebSocket {
        /// Address and port.
        address: SocketAddr,
        /// Path and pings.
        config: WebSocketConfig,
    },
    /// WebSocket over TLS.
    SecureWebSocket {
        /// Address and port.
        address: SocketAddr,
        /// Certificate and key.
        material: ServerMaterial,
        /// Path and pings.
        config: WebSocketConfig,
    },
    /// QUIC over UDP.
    Quic {
        /// Address and port.
        address: SocketAddr,
        /// Certificate and key.
        material: ServerMaterial,
        /// Keys that should be the same after a restart.
        keys: QuicKeys,
        /// Windows and timeouts.
        config: QuicConfig,
    },
}

impl Endpoint {
    /// The transport of this endpoint's links.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self {
            Self::Tcp { .. } => Transport::Tcp,
            Self::Unix { .. } => Transport::Unix,
            Self::Tls { .. } => Transport::Tls,
            Self::WebSocket { .. } => Transport::WebSocket,
            Self::SecureWebSocket { .. } => Transport::SecureWebSocket,
            Self::Quic { .. } => Transport::Quic,
        }
    }
}

/// The address that a listener is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocalAddress {
    /// Address and port, TCP or UDP.
    Network(SocketAddr),
    /// A socket file.
    Unix(PathBuf),
}

impl LocalAddress {
    /// Address and port; `None` for a Unix socket.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Network(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}
