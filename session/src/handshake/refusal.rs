//! The no to a CONNECT, and the CONNACK that may tell it.

use tidegate_mqtt::{ConnAck, DecodeError, ProtocolVersion, ReasonCode};

use super::encoded_size;

/// A refused CONNECT. The connection is closed after the CONNACK, if there is one. `[MQTT5-3.1.4-2]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: ReasonCode,
    /// The version to answer in; none where nothing may be said.
    version: Option<ProtocolVersion>,
    packet_size_max: u32,
}

impl Refusal {
    /// A refusal of a well-formed CONNECT: also for what is decided elsewhere, such as a wrong password.
    #[must_use]
    pub fn new(version: ProtocolVersion, reason: ReasonCode) -> Self {
        Self { reason, version: Some(version), packet_size_max: u32::MAX }
    }

    /// The refusal of bytes that are no CONNECT. `[MQTT5-3.1.4-1]` `[MQTT3-3.1.4-1]` `[MQTT3-3.1.2-2]`
    #[must_use]
    pub fn malformed(error: &DecodeError) -> Self {
        Self { reason: error.reason(), version: error.connack_version(), packet_size_max: u32::MAX }
    }

    /// The same, bounded by the client's Maximum Packet Size.
    #[must_use]
    pub fn within(self, packet_size_max: u32) -> Self {
        Self { packet_size_max, ..self }
    }

    /// The CONNACK and the version to write it in; none where the version has no fitting code, or the client takes no
    /// packet that large. Session Present is 0. `[MQTT5-3.2.2-6]` `[MQTT3-3.2.2-4]` `[MQTT3-3.2.2-6]`
    /// `[MQTT5-3.1.2-24]`
    #[must_use]
    pub fn connack(&self) -> Option<(ConnAck, ProtocolVersion)> {
        let version = self.version.filter(|version| version.is_v5() || has_return_code(self.reason))?;
        let connack = ConnAck::new(self.reason, false);
        let size = encoded_size(&connack.clone().into())?;
        (size <= self.packet_size_max).then_some((connack, version))
    }
}

/// Whether one of the six return codes of MQTT 3 says it.
fn has_return_code(reason: ReasonCode) -> bool {
    let code = reason.connect_return_code();
    let equal = ReasonCode::from_connect_return_code(code) == Some(reason);
    equal || code == SERVER_UNAVAILABLE || reason == ReasonCode::Banned
}

const SERVER_UNAVAILABLE: u8 = 3;
