//! Errors of the codec: [`DecodeError`] for invalid bytes (see the table in `error/fault.rs`) and [`EncodeError`] for
//! values that cannot be encoded.

mod encode;
mod fault;
#[cfg(test)]
mod tests;

pub use encode::EncodeError;
pub use fault::Fault;

use crate::{ProtocolVersion, ReasonCode};

/// The reason why bytes are not a valid packet. The connection on which they were received must be closed
/// `[MQTT5-4.13.1-1]` `[MQTT3-4.8.0-1]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} [{}]", self.statement())]
pub struct DecodeError {
    fault: Fault,
    version: ProtocolVersion,
    connack_version: Option<ProtocolVersion>,
}

impl DecodeError {
    /// Creates the error for a fault on a connection that uses this protocol version.
    #[must_use]
    pub const fn new(fault: Fault, version: ProtocolVersion) -> Self {
        Self { fault, version, connack_version: None }
    }

    /// Creates the error for a fault in a CONNECT. `connack_version` is the version of the CONNACK that may answer, or
    /// `None` if no CONNACK may be sent.
    pub(crate) const fn in_connect(
        fault: Fault,
        version: ProtocolVersion,
        connack_version: Option<ProtocolVersion>,
    ) -> Self {
        Self { fault, version, connack_version }
    }

    /// Returns the fault that was found.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// Returns the reason code for DISCONNECT or CONNACK.
    #[must_use]
    pub const fn reason(&self) -> ReasonCode {
        self.fault.reason()
    }

    /// Returns the id of the violated requirement, such as `MQTT5-2.1.3-1`.
    #[must_use]
    pub const fn statement(&self) -> &'static str {
        match self.version {
            ProtocolVersion::V5 => self.fault.statement_v5(),
            ProtocolVersion::V3_1 | ProtocolVersion::V3_1_1 => self.fault.statement_v3(),
        }
    }

    /// Returns the version whose rules are violated. For a CONNECT this is the requested version if it is known.
    #[must_use]
    pub const fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Returns the version of the CONNACK with [`DecodeError::reason`] that may be sent before closing. Always `None`
    /// for packets other than CONNECT.
    ///
    /// `None` means to close the connection without an answer: for a malformed MQTT 3.x CONNECT `[MQTT3-3.1.4-1]`, and
    /// for bytes that are not MQTT. An unknown protocol level is answered as MQTT 3.x requires `[MQTT3-3.1.2-2]`.
    #[must_use]
    pub const fn connack_version(&self) -> Option<ProtocolVersion> {
        self.connack_version
    }
}
