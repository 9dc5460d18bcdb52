//! Values that cannot be written.

use crate::ProtocolVersion;

/// A packet that has no encoding. Nothing of it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A text or binary field of more than 65,535 bytes.
    #[error("a field is longer than 65,535 bytes")]
    FieldTooLong,
    /// A text with U+0000 `[MQTT5-1.5.4-2]` `[MQTT3-1.5.3-2]`.
    #[error("a text holds U+0000")]
    Nul,
    /// More than 268,435,455 bytes after the fixed header.
    #[error("the packet is longer than the protocol allows")]
    PacketTooLong,
    /// The packet does not exist in that version.
    #[error("no such packet in MQTT {0}")]
    NotIn(ProtocolVersion),
    /// A value that the protocol forbids: the statement says which.
    #[error("a value is not allowed [{0}]")]
    Value(&'static str),
}
