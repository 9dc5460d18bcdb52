//! Policies: limits on connections and on handshakes, backpressure, full queues and stores, and large allocations that
//! may fail. A policy gets numbers and returns a [`Decision`]. Refusals are counted by reason.
//!
//! The crate uses no sockets and no clock. The code that accepts a connection asks for a permit and keeps the permit as
//! long as the connection or the handshake lasts.

mod connections;
mod decision;
mod handshakes;
pub mod memory;
mod peer;
mod source;

/// The target of log lines that a remote peer can cause. Their number is limited for each place in the code.
pub const PEER_LOG_TARGET: &str = "tidegate::peer";

pub use connections::{
    ConnectionPermit, ConnectionRefusal, Connections, ConnectionsConfig, ListenerConnections,
};
pub use decision::{Decision, Refusal, Until};
pub use handshakes::{HandshakePermit, HandshakeRefusal, Handshakes, HandshakesConfig};
pub use memory::OutOfMemory;
pub use peer::{Peer, TlsFacts, Transport};
pub use source::Source;
