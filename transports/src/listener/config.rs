//! The settings of a listener.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tidegate_limits::Transport;

use crate::quic::{QuicConfig, QuicKeys};
use crate::tls::ServerMaterial;
use crate::websocket::WebSocketConfig;

/// The settings of one listener.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// The transport and the address of the listener.
    pub endpoint: Endpoint,
    /// Maximum number of connections that the kernel queues until they are accepted. Default 1,024. The kernel limits
    /// the value to `net.core.somaxconn`. QUIC ignores this setting.
    pub backlog: u32,
    /// Time limit for all handshakes of a connection together: TLS, the HTTP upgrade, or QUIC up to its first stream.
    /// Default 10 s.
    pub handshake_timeout: Duration,
    /// Maximum number of open network connections of this listener. A QUIC connection counts once, however many links
    /// it has. Default 1,000,000.
    pub connections_max: usize,
}

impl ListenerConfig {
    /// Creates the default settings for `endpoint`.
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

/// The transport and the address of a listener. A listener on the IPv6 address `::` also accepts IPv4 connections.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// Plain TCP.
    Tcp {
        /// The address and port.
        address: SocketAddr,
    },
    /// A Unix stream socket. A stale socket file is replaced. If the socket file is in use, or the file is not a
    /// socket, binding fails.
    Unix {
        /// The path of the socket file.
        path: PathBuf,
        /// The permissions of the socket file, such as `0o660`.
        mode: u32,
    },
    /// TLS over TCP.
    Tls {
        /// The address and port.
        address: SocketAddr,
        /// The certificate and key.
        material: ServerMaterial,
    },
    /// WebSocket over TCP.
    WebSocket {
        /// The address and port.
        address: SocketAddr,
        /// The HTTP path, the ping interval and the frame size limit.
        config: WebSocketConfig,
    },
    /// WebSocket over TLS.
    SecureWebSocket {
        /// The address and port.
        address: SocketAddr,
        /// The certificate and key.
        material: ServerMaterial,
        /// The HTTP path, the ping interval and the frame size limit.
        config: WebSocketConfig,
    },
    /// QUIC over UDP.
    Quic {
        /// The address and port.
        address: SocketAddr,
        /// The certificate and key.
        material: ServerMaterial,
        /// Keys that should be the same after a restart.
        keys: QuicKeys,
        /// The receive windows, the stream limit and the timeouts.
        config: QuicConfig,
    },
}

impl Endpoint {
    /// Returns the transport of this endpoint's links.
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
    /// A TCP or UDP address and port.
    Network(SocketAddr),
    /// The path of a Unix socket file.
    Unix(PathBuf),
}

impl LocalAddress {
    /// Returns the address and port; `None` for a Unix socket.
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
