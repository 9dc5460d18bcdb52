//! A refused CONNECT, and the CONNACK that reports the reason to the client.

use std::fmt;
use std::sync::Arc;

use tidegate_mqtt::{ConnAck, DecodeError, ProtocolVersion, ReasonCode};

use super::encoded_size;

/// A refused CONNECT. The connection is closed after the CONNACK, or immediately if no CONNACK may be sent.
/// `[MQTT5-3.1.4-2]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason code.
    pub reason: ReasonCode,
    /// The fault in the packet, if it was not a valid CONNECT.
    pub fault: Option<DecodeError>,
    /// The client identifier in CONNECT, if it is known.
    pub client_id: Option<Arc<str>>,
    /// The protocol version of the CONNACK; `None` if no CONNACK may be sent.
    version: Option<ProtocolVersion>,
    /// The client's Maximum Packet Size in bytes.
    packet_size_max: u32,
}

impl Refusal {
    /// Creates the refusal of a well-formed CONNECT. Callers also use it for their own checks, such as a wrong
    /// password.
    #[must_use]
    pub fn new(version: ProtocolVersion, reason: ReasonCode) -> Self {
        Self { reason, fault: None, client_id: None, version: Some(version), packet_size_max: u32::MAX }
    }

    /// Creates the refusal of bytes that are not a valid CONNECT. `[MQTT5-3.1.4-1]` `[MQTT3-3.1.4-1]` `[MQTT3-3.1.2-2]`
    #[must_use]
    pub fn malformed(error: &DecodeError) -> Self {
        let version = error.connack_version();
        Self {
            reason: error.reason(),
            fault: Some(*error),
            client_id: None,
            version,
            packet_size_max: u32::MAX,
        }
    }

    /// Sets the client's Maximum Packet Size. A larger CONNACK is not sent.
    #[must_use]
    pub fn fitting_into(self, packet_size_max: u32) -> Self {
        Self { packet_size_max, ..self }
    }

    /// Adds the client identifier, for the log.
    #[must_use]
    pub fn with_client_id(self, client_id: Arc<str>) -> Self {
        Self { client_id: Some(client_id), ..self }
    }

    /// Returns the CONNACK and the protocol version to encode it for. Returns `None` if that version has no return code
    /// for the reason, or if the packet exceeds the client's Maximum Packet Size. Session Present is 0.
    /// `[MQTT5-3.2.2-6]` `[MQTT3-3.2.2-4]` `[MQTT3-3.2.2-6]` `[MQTT5-3.1.2-24]`
    #[must_use]
    pub fn connack(&self) -> Option<(ConnAck, ProtocolVersion)> {
        let version = self.version.filter(|version| version.is_v5() || has_return_code(self.reason))?;
        let connack = ConnAck::new(self.reason, false);
        let size = encoded_size(&connack.clone().into())?;
        (size <= self.packet_size_max).then_some((connack, version))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Some(fault) => fault.fmt(f),
            None => write!(f, "CONNECT was refused: {}", self.reason.description()),
        }
    }
}

/// Returns whether one of the six return codes of MQTT 3 expresses this reason.
fn has_return_code(reason: ReasonCode) -> bool {
    let code = reason.connect_return_code();
    let equal = ReasonCode::from_connect_return_code(code) == Some(reason);
    equal || code == SERVER_UNAVAILABLE || reason == ReasonCode::Banned
}

const SERVER_UNAVAILABLE: u8 = 3;
