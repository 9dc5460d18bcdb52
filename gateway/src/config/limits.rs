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
    /// Maximum number of concurrent handshakes (TLS, HTTP, QUIC). Default 4096. Each uses about 20 KiB while it runs.
    pub handshakes_max: Count<1, 10_000_000>,
    /// Maximum number of concurrent handshakes from one IPv4 address or IPv6 /64. Default 512, because many devices may
    /// share an address.
    pub handshakes_per_source_max: Count<1, 10_000_000>,
    /// Number of running handshakes from which QUIC peers must first validate their address (Retry). This costs them one
    /// round trip, and the broker no memory. Default 512.
    pub retry_from: Count<0, 10_000_000>,
    /// Minimum time between two stateless resets of a QUIC listener. A reset tells a QUIC client of a broker that was killed
    /// that its connection is gone. Default 0: after a restart, every client learns it from its first packet. A longer time
    /// limits the packets that the broker sends without a connection, but then clients notice only at their keep alive. Resets
    /// are smaller than the packets they answer, and never answer each other.
    pub quic_reset_interval_min: Time<0, 60_000>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: const { Count::of(1_000_000) },
            handshakes_max: const { Count::of(4096) },
            handshakes_per_source_max: const { Count::of(512) },
            retry_from: const { Count::of(512) },
            quic_reset_interval_min: const { Time::of(0) },
        }
    }
}
