//! How to connect.

use std::time::Duration;

use tidegate_mqtt::{Connect, ProtocolVersion};
use tidegate_transports::client::{ClientTls, Target};

/// How to connect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where.
    pub target: Target,
    /// Whose certificates to trust.
    pub tls: ClientTls,
    /// The CONNECT to send.
    pub connect: Connect,
    /// Who acknowledges messages that are received.
    pub receiving: Side,
    /// Who answers PUBREC with PUBREL.
    pub sending: Side,
    /// QoS 1 and 2 messages that may be unacknowledged, if the server allows so many; default 1024.
    pub inflight_max: u16,
    /// How long connecting may take, from the name look-up to CONNACK; default 10 s.
    pub connect_timeout: Duration,
}

/// Who does something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The client, by itself.
    #[default]
    Client,
    /// The caller, by [`Client::acknowledge`](super::Client::acknowledge).
    Caller,
}

impl Options {
    /// A clean start without a will, user, or keep alive.
    #[must_use]
    pub fn new(target: Target, version: ProtocolVersion, client_id: &str) -> Self {
        Self {
            target,
            tls: ClientTls::default(),
            connect: Connect::new(version, client_id),
            receiving: Side::Client,
            sending: Side::Client,
            inflight_max: 1024,
            connect_timeout: Duration::from_secs(10),
        }
    }
}
