//! Limits on connections and on handshakes, whose refusals are counted by reason, and large allocations that may fail.
//! The settings of all crates are defined with [`settings!`] and the types in [`units`].
//!
//! The crate uses no sockets and no clock. The code that accepts a connection asks for a permit and keeps the permit as
//! long as the connection or the handshake lasts.

// The macro `settings` names this crate.
extern crate self as tidegate_limits;

mod config;
mod connections;
mod handshakes;
pub mod memory;
mod settings;
mod source;
pub mod units;

pub use config::{Config, Section};
pub use connections::{ConnectionPermit, ConnectionRefusal, Connections, ListenerConnections};
pub use handshakes::{HandshakePermit, HandshakeRefusal, Handshakes};
pub use memory::OutOfMemory;
pub use settings::{Given, with_defaults};
pub use source::Source;
