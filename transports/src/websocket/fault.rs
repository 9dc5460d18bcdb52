//! A peer's protocol violations on an open WebSocket, and the close codes that report them.

use thiserror::Error;

/// A violation of the WebSocket protocol, or of MQTT's rules for using WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WebSocketFault {
    /// The peer sent a text frame. MQTT uses binary frames only [MQTT5-6.0.0-1].
    #[error("text frame")]
    TextFrame,
    /// The peer set reserved bits, although no extension was negotiated (RFC 6455, 5.2).
    #[error("reserved bits are set")]
    ReservedBits,
    /// The peer used a reserved opcode (RFC 6455, 5.2).
    #[error("reserved opcode")]
    ReservedOpcode,
    /// A client sent an unmasked frame, or a server a masked one (RFC 6455, 5.1).
    #[error("wrong masking")]
    Masking,
    /// The peer sent a control frame that is fragmented or has more than 125 bytes (RFC 6455, 5.5).
    #[error("fragmented or oversized control frame")]
    ControlFrame,
    /// The fragments of a message do not follow each other (RFC 6455, 5.4).
    #[error("fragment out of order")]
    Fragmentation,
    /// The payload of a Close frame is malformed (RFC 6455, 5.5.1 and 7.4).
    #[error("malformed close frame")]
    CloseFrame,
    /// The frame is longer than the listener's limit.
    #[error("frame too long")]
    TooLong,
}

impl WebSocketFault {
    /// Returns the code of the Close frame that reports this fault (RFC 6455, 7.4.1).
    #[must_use]
    pub fn close_code(self) -> u16 {
        match self {
            Self::TextFrame => 1003,
            Self::TooLong => 1009,
            _ => 1002,
        }
    }
}
