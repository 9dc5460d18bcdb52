//! Settings of a WebSocket listener.

use std::time::Duration;

/// Settings of a WebSocket listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketConfig {
    /// The HTTP path at which MQTT is served. Default `/mqtt`. Requests for other paths are answered with 404.
    pub path: String,
    /// Interval at which the server sends pings, so that proxies keep an idle connection open. Default 30 s; `None`
    /// disables pings.
    pub ping_interval: Option<Duration>,
    /// Maximum size of a data frame in bytes. A longer frame closes the link with 1009. Frames are not buffered, so a
    /// large limit uses no memory. Default 268,435,460, the size of the largest MQTT packet.
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
