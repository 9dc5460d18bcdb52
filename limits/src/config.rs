//! The settings of the section `limits`.

use std::time::Duration;

use crate::units::{Count, Time};

crate::settings! {
    /// Limits of the whole process, over all listeners.
    pub struct Config, given as Section, named "Limits" {
        /// Maximum number of open connections. Default 1000000.
        pub connections_max: usize as Count<1, 100_000_000> = Count::new(1_000_000);
        /// Maximum number of concurrent handshakes (TLS, HTTP, QUIC). Default 4096. Each handshake uses about 20 KiB of
        /// memory while it runs.
        pub handshakes_max: usize as Count<1, 10_000_000> = Count::new(4096);
        /// Maximum number of concurrent handshakes from one IPv4 address or IPv6 /64. Default 512, because many devices
        /// may share an address.
        pub handshakes_per_source_max: usize as Count<1, 10_000_000> = Count::new(512);
        /// Number of running handshakes from which QUIC peers must first validate their address (Retry). The validation
        /// costs the peer one round trip, and the broker no memory. Default 512.
        pub retry_from: usize as Count<0, 10_000_000> = Count::new(512);
        /// Minimum time between two stateless resets of a QUIC listener. After a broker was killed and restarted,
        /// resets notify its former clients that their connections no longer exist. Default 0: the first packet that a
        /// client sends after the restart is answered with a reset. A longer time limits the number of resets, but
        /// clients that get no reset detect the loss only when their keep alive expires. A reset is smaller than the
        /// packet that it answers, and is never answered with another reset.
        pub quic_reset_interval_min: Duration as Time<0, 60_000> = Time::from_millis(0);
    }
}
