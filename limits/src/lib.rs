//! Limits on connections and on handshakes, whose refusals are counted by reason, and large allocations that may fail.
//!
//! The crate uses no sockets and no clock. The code that accepts a connection asks for a permit and keeps the permit as
//! long as the connection or the handshake lasts.

mod connections;
mod handshakes;
pub mod memory;
mod source;

pub use connections::{
    ConnectionPermit, ConnectionRefusal, Connections, ConnectionsConfig, ListenerConnections,
};
pub use handshakes::{HandshakePermit, HandshakeRefusal, Handshakes, HandshakesConfig};
pub use memory::OutOfMemory;
pub use source::Source;
