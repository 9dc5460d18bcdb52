//! One listener: what it speaks and where.

mod address;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Count, Located, Time};

pub use address::Address;

/// One place to listen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Its name in logs and metrics; each listener has one of its own.
    pub name: Located<String>,
    /// What is spoken there.
    pub transport: Transport,
    /// `IP:port` (`0.0.0.0:1883`, `[::1]:8883`), or the path of the socket for `unix`.
    pub address: Located<Address>,
    /// Certificate and key; needed for `tls`, `wss` and `quic`, and an error elsewhere.
    #[serde(default)]
    pub tls: Option<Located<TlsFiles>>,
    /// HTTP path of the WebSocket; for `ws` and `wss` only. Default `/mqtt`.
    #[serde(default)]
    pub path: Option<Located<String>>,
    /// Connections of this listener open at once; further ones are closed on arrival. Default 1000000. An idle TCP connection
    /// costs about 2 KiB, a TLS one about 9 KiB, a QUIC one about 30 KiB.
    #[serde(default = "connections_max")]
    pub connections_max: Count<1, 100_000_000>,
    /// How long a peer may take for TLS, HTTP and QUIC handshakes. Default 10s. Longer lets slow peers in and
    /// lets idle attackers hold a handshake's memory longer.
    #[serde(default = "handshake_timeout")]
    pub handshake_timeout: Time<100, 600_000>,
    /// How long a peer may take from the end of the handshakes to a whole CONNECT. Default 10s.
    #[serde(default = "connect_timeout")]
    pub connect_timeout: Time<100, 600_000>,
}

impl Listener {
    /// A listener with the defaults for all but these.
    #[must_use]
    pub fn new(name: &str, transport: Transport, address: Address) -> Self {
        Self {
            name: name.to_owned().into(),
            transport,
            address: address.into(),
            tls: None,
            path: None,
            connections_max: connections_max(),
            handshake_timeout: handshake_timeout(),
            connect_timeout: connect_timeout(),
        }
    }

    /// The HTTP path, for `ws` and `wss`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.as_deref().map_or(DEFAULT_PATH, String::as_str)
    }
}

/// What is spoken on a listener.
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
    /// Whether it needs a certificate.
    #[must_use]
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Wss | Self::Quic)
    }

    /// Whether it has an HTTP path.
    #[must_use]
    pub fn is_websocket(self) -> bool {
        matches!(self, Self::Ws | Self::Wss)
    }

    /// As the file writes it.
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

/// PEM files of one server certificate. A relative path counts from the folder of the configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, followed by its intermediates.
    pub certificate: Located<PathBuf>,
    /// The private key of the certificate (PKCS #8, SEC 1 or PKCS #1).
    pub key: Located<PathBuf>,
}

fn connections_max() -> Count<1, 100_000_000> {
    const { Count::of(1_000_000) }
}

fn handshake_timeout() -> Time<100, 600_000> {
    const { Time::of(10_000) }
}

fn connect_timeout() -> Time<100, 600_000> {
    const { Time::of(10_000) }
}

const DEFAULT_PATH: &str = "/mqtt";
