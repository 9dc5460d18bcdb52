//! One listener: its transport and address.

mod address;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tidegate_limits::units::{Count, Time};
use tidegate_session::ListenerSession;

use super::Located;

pub use address::Address;

/// One listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Name of the listener in logs and metrics. It must be unique.
    pub name: Located<String>,
    /// Transport of the listener.
    pub transport: Transport,
    /// `IP:port`, such as `0.0.0.0:1883` or `[::1]:8883`; for `unix` the path of the socket. There is no
    /// authentication: bind only to networks where every client is trusted.
    pub address: Located<Address>,
    /// Certificate and key. Required for `tls`, `wss` and `quic`; not allowed for other transports.
    #[serde(default)]
    pub tls: Option<Located<TlsFiles>>,
    /// HTTP path of the WebSocket, for `ws` and `wss` only. Default `/mqtt`.
    #[serde(default)]
    pub path: Option<Located<String>>,
    /// Time between two pings on an idle WebSocket, for `ws` and `wss` only. Default 30s; 0 sends none. Proxies close
    /// connections on which nothing is sent for some time, often a minute. Each ping wakes a mobile client.
    #[serde(default)]
    pub ping_interval: Option<Located<Time<0, 3_600_000>>>,
    /// Maximum number of open connections of this listener; further connections are closed at once. Default 1000000. An
    /// idle TCP connection uses about 2 KiB, a TLS connection about 9 KiB, a QUIC connection about 30 KiB.
    #[serde(default = "connections_max")]
    pub connections_max: Count<1, 100_000_000>,
    /// Time limit for the TLS, HTTP and QUIC handshakes of a connection. Default 10s. A higher limit admits slower
    /// peers, but lets attackers hold a handshake's memory longer.
    #[serde(default = "handshake_timeout")]
    pub handshake_timeout: Time<100, 600_000>,
    /// Time limit from the end of the handshakes to the complete CONNECT packet. Default 10s.
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Time<100, 600_000>,
    /// Limits of the connections of this listener and of their sessions, in addition to those of the section `session`:
    /// for each setting, the stricter of the two applies. A setting that is omitted here has no limit of its own. A
    /// session has the limits of the listener of its latest connection; after a restart of the broker, those of the
    /// section `session` until a client resumes it.
    #[serde(default)]
    pub session: Option<ListenerSession>,
}

impl Listener {
    /// Creates a listener with defaults for the other fields.
    #[must_use]
    pub fn new(name: &str, transport: Transport, address: Address) -> Self {
        Self {
            name: name.to_owned().into(),
            transport,
            address: address.into(),
            tls: None,
            path: None,
            ping_interval: None,
            connections_max: connections_max(),
            handshake_timeout: handshake_timeout(),
            connect_timeout: connect_timeout(),
            session: None,
        }
    }

    /// Returns the HTTP path, for `ws` and `wss`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().map_or(DEFAULT_PATH, String::as_str)
    }

    /// Returns the interval of WebSocket pings, for `ws` and `wss`; 0 if none are sent.
    #[must_use]
    pub fn ping_interval(&self) -> Time<0, 3_600_000> {
        self.ping_interval.as_deref().copied().unwrap_or(const { Time::from_millis(30_000) })
    }
}

/// The transport of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// MQTT over TCP.
    Tcp,
    /// MQTT over TLS.
    Tls,
    /// MQTT over WebSocket.
    Ws,
    /// MQTT over WebSocket over TLS.
    Wss,
    /// MQTT over QUIC.
    Quic,
    /// MQTT over a Unix socket.
    Unix,
}

impl Transport {
    /// Whether the transport needs a certificate.
    #[must_use]
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Wss | Self::Quic)
    }

    /// Whether the transport has an HTTP path.
    #[must_use]
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// Returns the name in the configuration file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Quic => "quic",
            Self::Unix => "unix",
        }
    }
}

/// PEM files of one server certificate. Relative paths are resolved against the folder of the configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The server's certificate, followed by its intermediate certificates.
    pub certificate: Located<PathBuf>,
    /// The certificate's private key (PKCS #8, SEC 1 or PKCS #1).
    pub key: Located<PathBuf>,
}

fn connections_max() -> Count<1, 100_000_000> {
    const { Count::new(1_000_000) }
}

fn handshake_timeout() -> Time<100, 600_000> {
    const { Time::from_millis(10_000) }
}

fn connect_timeout() -> Time<100, 600_000> {
    const { Time::from_millis(10_000) }
}

const DEFAULT_PATH: &str = "/mqtt";
