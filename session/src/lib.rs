//! State of one MQTT client, without sockets or clock: handshake, in-flight, queue, will.
//!
//! A [`Handshake`] turns CONNECT into an [`Agreed`]; a [`Connection`] holds what is lost with the network connection, a
//! [`Session`] what outlives it. Bytes for the socket gather in [`Pending`]; time comes in as an argument.
#![cfg_attr(test, allow(clippy::as_conversions))]

mod config;
mod connection;
mod deferred;
mod handshake;
mod held;
mod inflight;
mod journal;
mod outlet;
mod pending;
mod queue;
mod received;
mod session;
mod subscriptions;
mod verdict;
mod violation;

pub use config::{Config, Overflow};
pub use connection::Connection;
pub use handshake::{Agreed, Authenticator, Exchange, ExchangeStep, Handshake, Refusal, Step};
pub use held::Delivery;
pub use journal::{Change, Queued};
pub use pending::{Batch, Pending};
pub use received::Received;
pub use session::{Attached, Cause, Detached, Due, Frames, Kept, KeptDelivery, Orphan, Session, Standing};
pub use subscriptions::{SubscriptionsFull, Terms};
pub use verdict::{Drop, Drops, Verdict};
pub use violation::Violation;
