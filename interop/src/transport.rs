//! The transports of a broker under test, with their names in URLs and in the configuration.

/// A transport for MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
}

impl Transport {
    /// All transports.
    pub const ALL: [Self; 5] = [Self::Tcp, Self::Tls, Self::Ws, Self::Wss, Self::Quic];

    /// Returns the name of the transport in the configuration file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Quic => "quic",
        }
    }

    /// Returns whether the transport uses TLS, so that clients need the certificate authority.
    #[must_use]
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::Wss | Self::Quic)
    }

    /// Returns the URL of a broker that listens on `port` of `localhost` with this transport.
    #[must_use]
    pub fn url(self, port: u16) -> String {
        match self {
            Self::Tcp => format!("mqtt://localhost:{port}"),
            Self::Tls => format!("mqtts://localhost:{port}"),
            Self::Ws => format!("ws://localhost:{port}/mqtt"),
            Self::Wss => format!("wss://localhost:{port}/mqtt"),
            Self::Quic => format!("quic://localhost:{port}"),
        }
    }
}
