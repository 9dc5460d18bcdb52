//! Errors for values that cannot be encoded.

use crate::ProtocolVersion;

/// The reason why a packet cannot be encoded. No byte was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A string or binary field has more than 65,535 bytes.
    #[error("a field is longer than 65,535 bytes")]
    FieldTooLong,
    /// A string contains U+0000 `[MQTT5-1.5.4-2]` `[MQTT3-1.5.3-2]`.
    #[error("a string contains U+0000")]
    Nul,
    /// The packet has more than 268,435,455 bytes after the fixed header.
    #[error("the packet is longer than the protocol allows")]
    PacketTooLong,
    /// The packet type does not exist in this version.
    #[error("MQTT {0} has no such packet")]
    NotIn(ProtocolVersion),
    /// The protocol forbids a value. The field is the id of the violated statement.
    #[error("a value is not allowed [{0}]")]
    Value(&'static str),
}
