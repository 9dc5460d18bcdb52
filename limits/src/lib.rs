//! Numbers that say no: caps on connections and handshakes, with verdicts that are counted.
//!
//! Knows no sockets and no clock; whoever accepts asks here and keeps the permit for as long as it holds the place.

mod connections;
mod handshakes;
mod source;

pub use connections::{
    ConnectionPermit, ConnectionRefusal, Connections, ConnectionsConfig, ListenerConnections,
};
pub use handshakes::{HandshakePermit, HandshakeRefusal, Handshakes, HandshakesConfig};
pub use source::Source;
