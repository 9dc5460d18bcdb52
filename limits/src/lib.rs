//! Policies: limits on connections and on handshakes, backpressure, full queues and stores, and large allocations that
//! may fail. A policy gets numbers and returns a [`Decision`]. Refusals are counted by reason.
//! The settings of all crates are defined with [`settings!`] and the types in [`units`].
//!
//! The crate uses no sockets and no clock. The code that accepts a connection asks for a permit and keeps the permit as
//! long as the connection or the handshake lasts.

// The macro `settings` refers to this crate by its name.
extern crate self as tidegate_limits;

mod config;
mod connections;
mod decision;
mod handshakes;
mod input;
pub mod memory;
mod outbound;
mod peer;
mod settings;
mod source;
mod store;
pub mod units;

/// The target of log lines that a remote peer can cause. Their number is limited separately for each place in the code
/// that logs.
pub const PEER_LOG_TARGET: &str = "tidegate::peer";

pub use config::{Config, Section};
pub use connections::{ConnectionPermit, ConnectionRefusal, Connections, ListenerConnections};
pub use decision::{Decision, Refusal, Until};
pub use handshakes::{HandshakePermit, HandshakeRefusal, Handshakes};
pub use input::InputLoad;
pub use memory::OutOfMemory;
pub use outbound::{OutputLimits, Overflow, QueueDecision, QueueLimits, QueueLoad};
pub use peer::{Peer, TlsFacts, Transport};
pub use settings::{Given, with_defaults};
pub use source::Source;
pub use store::{SessionInStore, StoreCondition};
