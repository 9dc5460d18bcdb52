//! MQTT over QUIC: the first bidirectional stream of a connection is the link. Owns QUIC's settings and close codes.

use std::time::Duration;

use quinn::VarInt;

mod dial;
mod endpoint;
mod handshake;
mod keys;
mod stream;

pub(crate) use dial::{QuicDialError, dial};
pub(crate) use endpoint::{endpoint_config, server_config, server_crypto};
pub(crate) use handshake::perform_handshake;
pub use keys::{QuicKeys, QuicSecret};
pub(crate) use stream::QuicStream;

use crate::link::CloseReason;

/// Limits of QUIC connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuicConfig {
    /// Receive window of one stream: bytes the peer may send before we read them. Default 256 KiB.
    pub stream_window: u32,
    /// Receive window of all streams of a connection together, and limit of the bytes we have sent and the peer has not
    /// acknowledged. Default 1 MiB.
    pub connection_window: u32,
    /// Bidirectional streams that a client may have open. Default 4. Only the first carries MQTT; others are reset. Each
    /// allowed stream uses memory even while it is not open.
    pub streams_max: u32,
    /// A connection that receives no packet for this long is closed, regardless of MQTT's keep alive. The peer may request
    /// a shorter time. Default 10 minutes; `None` for never.
    pub idle_timeout: Option<Duration>,
    /// How often the server sends a packet on an idle connection, so that `idle_timeout` closes only dead connections.
    /// Default 4 minutes; `None` for never.
    pub keep_alive: Option<Duration>,
    /// Minimum time between two stateless resets that a listener sends. A reset tells a client of a former process that its
    /// connection is gone. Default zero: each packet of such a client is answered. See [`QuicKeys`] why that is safe.
    pub reset_interval_min: Duration,
}

impl Default for QuicConfig {
    fn default() -> Self {
        Self {
            stream_window: 256 * 1024,
            connection_window: 1024 * 1024,
            streams_max: 4,
            idle_timeout: Some(Duration::from_secs(600)),
            keep_alive: Some(Duration::from_secs(240)),
            reset_interval_min: Duration::ZERO,
        }
    }
}

/// The application protocol's name in ALPN.
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
