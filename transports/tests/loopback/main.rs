//! Listeners and clients over real loopback sockets.
#![allow(
    clippy::as_conversions,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod certificates;
mod client_errors;
mod closing;
mod cross_runtime;
mod direct_writes;
mod echo;
mod http_answers;
mod limits;
mod material;
mod multiplexed;
mod quic_codes;
mod reregister;
mod server;
mod silent_clients;
mod slow_peers;
mod tls_versions;
mod unix_socket;
mod websocket_frames;
mod websocket_pings;
