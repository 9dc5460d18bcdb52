//! Errors of the codec: bytes that are wrong (`DecodeError`, from the table in `error/fault.rs`) and values that have no encoding.

mod encode;
mod fault;
#[cfg(test)]
mod tests;

pub use encode::EncodeError;
pub use fault::Fault;

use crate::{ProtocolVersion, ReasonCode};

/// Bytes that are no valid packet. The connection they came on is beyond repair and has to be closed
/// `[MQTT5-4.13.1-1]` `[MQTT3-4.8.0-1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} [{}]", self.statement())]
pub struct DecodeError {
    fault: Fault,
    version: ProtocolVersion,
    connack_version: Option<ProtocolVersion>,
}

impl DecodeError {
    /// A fault found where `version` is spoken.
    #[must_use]
    pub const fn new(fault: Fault, version: ProtocolVersion) -> Self {
        Self { fault, version, connack_version: None }
    }

    /// A fault in a CONNECT. `connack_version` is the version in which a CONNACK is due, if one is.
    pub(crate) const fn in_connect(
        fault: Fault,
        version: ProtocolVersion,
        connack_version: Option<ProtocolVersion>,
    ) -> Self {
        Self { fault, version, connack_version }
    }

    /// What is wrong.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// The reason code for DISCONNECT or CONNACK.
    #[must_use]
    pub const fn reason(&self) -> ReasonCode {
        self.fault.reason()
    }

    /// The id of the requirement that is broken, such as `MQTT5-2.1.3-1`.
    #[must_use]
    pub const fn statement(&self) -> &'static str {
        match self.version {
            ProtocolVersion::V5 => self.fault.statement_5(),
            ProtocolVersion::V3_1 | ProtocolVersion::V3_1_1 => self.fault.statement_3(),
        }
    }

    /// The version whose rules are broken. For a CONNECT, the version it asked for, as far as that is known.
    #[must_use]
    pub const fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// For a CONNECT only: the version of the CONNACK with [`DecodeError::reason`] that may answer it, before closing.
    /// `None`: close without a word, as 3.x asks for a malformed CONNECT `[MQTT3-3.1.4-1]` and everybody for bytes that
    /// are no MQTT. A level that nobody knows is answered as 3.x wants it `[MQTT3-3.1.2-2]`.
    #[must_use]
    pub const fn connack_version(&self) -> Option<ProtocolVersion> {
        self.connack_version
    }
}
