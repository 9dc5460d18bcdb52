//! Listeners and clients over real sockets on the loopback.
#![allow(
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod caps;
mod client_errors;
mod closing;
mod direct_writes;
mod echo;
mod heartbeat;
mod http_answers;
mod material;
mod moving;
mod quic_codes;
mod rehomed;
mod server;
mod silence;
mod slow_peers;
mod tls_versions;
mod unix_socket;
mod websocket_frames;
