//! A peer's protocol violations on an open WebSocket, and their close codes.

use thiserror::Error;

/// A violation of the WebSocket protocol, or of MQTT's rules for using it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WebSocketFault {
    /// [MQTT5-6.0.0-1]: MQTT travels in binary frames only.
    #[error("text frame")]
    TextFrame,
    /// RFC 6455, 5.2: no extension was negotiated.
    #[error("reserved bits are set")]
    ReservedBits,
    /// RFC 6455, 5.2.
    #[error("reserved opcode")]
    ReservedOpcode,
    /// RFC 6455, 5.1: clients mask their frames, servers do not.
    #[error("wrong masking")]
    Masking,
    /// RFC 6455, 5.5: control frames are not fragmented and carry at most 125 bytes.
    #[error("fragmented or oversized control frame")]
    ControlFrame,
    /// RFC 6455, 5.4: the fragments of a message follow each other.
    #[error("fragment out of order")]
    Fragmentation,
    /// RFC 6455, 5.5.1 and 7.4.
    #[error("malformed close frame")]
    CloseFrame,
    /// The frame is longer than the listener's limit.
    #[error("frame too long")]
    TooLong,
}

impl WebSocketFault {
    /// The code of the Close frame that reports this fault (RFC 6455, 7.4.1).
    #[must_use]
    pub fn close_code(self) -> u16 {
        match self {
            Self::TextFrame => 1003,
            Self::TooLong => 1009,
            _ => 1002,
        }
    }
}
