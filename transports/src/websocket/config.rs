//! Settings of a WebSocket listener.

use std::time::Duration;

/// How a WebSocket listener answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketConfig {
    /// The path at which MQTT is served. Default `/mqtt`; any other gets 404.
    pub path: String,
    /// How often the server pings, so that proxies on the way keep the connection open. Default 30 s; `None` for never.
    pub ping_interval: Option<Duration>,
    /// The longest data frame that is taken, in bytes; a longer one closes the link with 1009. Nothing of a frame is
    /// kept in memory, so this costs nothing. Default 256 MiB + 5, the largest MQTT packet.
    pub frame_size_max: u64,
}

impl Default for WebSocketConfig {
    fn default() -> Self {
        Self {
            path: "/mqtt".to_owned(),
            ping_interval: Some(Duration::from_secs(30)),
            frame_size_max: 268_435_460,
        }
    }
}
