//! MQTT over QUIC: one connection, whose first bidirectional stream is the link. Owns QUIC's settings and codes.

use std::time::Duration;

use quinn::VarInt;

mod dial;
mod endpoint;
mod handshake;
mod stream;

pub(crate) use dial::{QuicDialError, dial};
pub(crate) use endpoint::server_config;
pub(crate) use handshake::perform_handshake;
pub(crate) use stream::QuicStream;

use crate::link::CloseReason;

/// How QUIC connections are bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuicConfig {
    /// Bytes that one stream may have in flight towards us, unread. Default 256 KiB.
    pub stream_window: u32,
    /// The same for all streams of a connection together, and the bytes that we hold unacknowledged. Default 1 MiB.
    pub connection_window: u32,
    /// Bidirectional streams that a client may have open. Default 4; those after the first are refused for now. Each
    /// allowed stream costs memory even while it is not open.
    pub streams_max: u32,
    /// A connection without any packet for this long is dead, whatever MQTT's keep alive is. The peer may ask for
    /// less. Default 10 minutes; `None` for never.
    pub idle_timeout: Option<Duration>,
    /// How often the server sends a packet on an idle connection, so that `idle_timeout` strikes dead ones only.
    /// Default 4 minutes; `None` for never.
    pub keep_alive: Option<Duration>,
}

impl Default for QuicConfig {
    fn default() -> Self {
        Self {
            stream_window: 256 * 1024,
            connection_window: 1024 * 1024,
            streams_max: 4,
            idle_timeout: Some(Duration::from_secs(600)),
            keep_alive: Some(Duration::from_secs(240)),
        }
    }
}

/// The application protocol, as ALPN names it.
pub(crate) const ALPN: &[u8] = b"mqtt";

const NORMAL: VarInt = VarInt::from_u32(0);
const CONTROL_STREAM_DOWN: VarInt = VarInt::from_u32(1);
const OVERLOADED: VarInt = VarInt::from_u32(2);

fn close_code(reason: CloseReason) -> VarInt {
    match reason {
        CloseReason::Normal | CloseReason::GoingAway => NORMAL,
        CloseReason::ControlStreamDown => CONTROL_STREAM_DOWN,
        CloseReason::Overloaded => OVERLOADED,
    }
}
