//! Settings of a WebSocket listener.

use std::time::Duration;

/// Settings of a WebSocket listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketConfig {
    /// The HTTP path that serves MQTT. Default `/mqtt`; requests for other paths get 404.
    pub path: String,
    /// How often the server pings, so that proxies keep an idle connection open. Default 30 s; `None` for never.
    pub ping_interval: Option<Duration>,
    /// Maximum size of a data frame in bytes; a longer one closes the link with 1009. Frames are not buffered, so a large
    /// limit uses no memory. Default 268,435,460, the largest MQTT packet.
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
