//! MQTT over QUIC: the first bidirectional stream of a connection is its first link, and further streams are further
//! links if the settings allow them. This module contains the settings and close codes of QUIC connections.

use std::time::Duration;

use quinn::VarInt;

mod dial;
mod endpoint;
mod handshake;
mod keys;
mod links;
mod stream;

pub(crate) use dial::{QuicDialError, dial};
pub(crate) use endpoint::{endpoint_config, server_config, server_crypto};
pub(crate) use handshake::perform_handshake;
pub use keys::{QuicKeys, QuicSecret};
pub(crate) use links::QuicLinks;
pub(crate) use stream::QuicStream;

use crate::link::CloseReason;

/// Limits of QUIC connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuicConfig {
    /// Receive window of one stream: number of bytes that the peer may send before they are read. Default 256 KiB.
    pub stream_window: u32,
    /// Receive window of all streams of a connection together, and maximum number of bytes sent that the peer has not
    /// acknowledged. Default 1 MiB.
    pub connection_window: u32,
    /// Maximum number of links of one connection. Each bidirectional stream that the client opens is a link. Default 1:
    /// only the first stream is a link, and further streams are reset at once, so that the client does not wait for an
    /// answer on them. With a greater number, a client that has reached the limit can open another stream once one of
    /// its streams has ended. Each allowed stream uses memory even while it is not open.
    pub streams_max: u32,
    /// Time without received packets after which a connection is closed, regardless of MQTT's keep alive. The peer may
    /// request a shorter time. Default 10 minutes; `None` disables the timeout.
    pub idle_timeout: Option<Duration>,
    /// Interval at which the server sends a packet on an idle connection, so that `idle_timeout` closes only dead
    /// connections. Default 4 minutes; with `None`, the server sends no such packets.
    pub keep_alive: Option<Duration>,
    /// The setting [`tidegate_limits::Config::quic_reset_interval_min`]. [`QuicKeys`] explains why it may be zero.
    pub reset_interval_min: Duration,
}

impl Default for QuicConfig {
    fn default() -> Self {
        Self {
            stream_window: 256 * 1024,
            connection_window: 1024 * 1024,
            streams_max: 1,
            idle_timeout: Some(Duration::from_secs(600)),
            keep_alive: Some(Duration::from_secs(240)),
            reset_interval_min: Duration::ZERO,
        }
    }
}

/// The name of the application protocol in ALPN.
pub(crate) const ALPN: &[u8] = b"mqtt";

const CODE_NORMAL: VarInt = VarInt::from_u32(0);
const CODE_CONTROL_STREAM_DOWN: VarInt = VarInt::from_u32(1);
const CODE_OVERLOADED: VarInt = VarInt::from_u32(2);

fn close_code(reason: CloseReason) -> VarInt {
    match reason {
        CloseReason::Normal | CloseReason::GoingAway => CODE_NORMAL,
        CloseReason::ControlStreamDown => CODE_CONTROL_STREAM_DOWN,
        CloseReason::Overloaded => CODE_OVERLOADED,
    }
}
