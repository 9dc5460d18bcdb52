//! Limits on connections and on handshakes. Refusals are counted by reason.
//!
//! The crate uses no sockets and no clock. The code that accepts a connection asks for a permit and keeps the permit as
//! long as the connection or the handshake lasts.

mod connections;
mod handshakes;
mod source;

pub use connections::{
    ConnectionPermit, ConnectionRefusal, Connections, ConnectionsConfig, ListenerConnections,
};
pub use handshakes::{HandshakePermit, HandshakeRefusal, Handshakes, HandshakesConfig};
pub use source::Source;
