//! Options of a connection.

use std::time::Duration;

use tidegate_mqtt::{Connect, ProtocolVersion};
use tidegate_transports::client::{ClientTls, Target};

/// Options of a connection.
#[derive(Clone, Debug)]
pub struct Options {
    /// The URL of the server.
    pub target: Target,
    /// How to verify the server's certificate.
    pub tls: ClientTls,
    /// The CONNECT packet to send.
    pub connect: Connect,
    /// The side that acknowledges received messages: the client, or the caller.
    pub receiving: AckSender,
    /// The side that answers PUBREC with PUBREL: the client, or the caller.
    pub sending: AckSender,
    /// Maximum number of unacknowledged QoS 1 and 2 messages; the server may set a lower limit. Default 1024.
    pub inflight_max: u16,
    /// Time limit for connecting, from the DNS lookup to CONNACK. Default 10 s.
    pub connect_timeout: Duration,
}

/// The side that sends acknowledgements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckSender {
    /// The client, automatically.
    #[default]
    Client,
    /// The caller, with [`Client::acknowledge`](super::Client::acknowledge).
    Caller,
}

impl Options {
    /// Creates options for a clean start without will, user name or keep alive.
    #[must_use]
    pub fn new(target: Target, version: ProtocolVersion, client_id: &str) -> Self {
        Self {
            target,
            tls: ClientTls::default(),
            connect: Connect::new(version, client_id),
            receiving: AckSender::Client,
            sending: AckSender::Client,
            inflight_max: 1024,
            connect_timeout: Duration::from_secs(10),
        }
    }
}
