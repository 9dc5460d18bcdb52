//! Limits of the whole process, over all listeners.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Count, Time};

/// Limits of the whole process, over all listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Maximum number of open connections. Default 1000000.
    pub connections_max: Count<1, 100_000_000>,
    /// Maximum number of concurrent handshakes (TLS, HTTP, QUIC). Default 4096. Each handshake uses about 20 KiB of
    /// memory while it runs.
    pub handshakes_max: Count<1, 10_000_000>,
    /// Maximum number of concurrent handshakes from one IPv4 address or IPv6 /64. Default 512, because many devices may
    /// share an address.
    pub handshakes_per_source_max: Count<1, 10_000_000>,
    /// Number of running handshakes from which QUIC peers must first validate their address (Retry). The validation
    /// costs the peer one round trip, and the broker no memory. Default 512.
    pub retry_from: Count<0, 10_000_000>,
    /// Minimum time between two stateless resets of a QUIC listener. After a broker was killed and restarted, resets
    /// notify its former clients that their connections no longer exist. Default 0: the first packet that a client
    /// sends after the restart is answered with a reset. A longer time limits the number of resets, but clients that
    /// get no reset detect the loss only when their keep alive expires. A reset is smaller than the packet that it
    /// answers, and is never answered with another reset.
    pub quic_reset_interval_min: Time<0, 60_000>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: const { Count::new(1_000_000) },
            handshakes_max: const { Count::new(4096) },
            handshakes_per_source_max: const { Count::new(512) },
            retry_from: const { Count::new(512) },
            quic_reset_interval_min: const { Time::from_millis(0) },
        }
    }
}
