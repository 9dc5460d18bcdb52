//! The state of one MQTT client: handshake, in-flight messages, queue, will. The crate uses no sockets and no clock.
//!
//! A [`Handshake`] turns CONNECT into [`Negotiated`] parameters or a [`Refusal`]. A [`Connection`] holds the state that
//! ends with the network connection, a [`Session`] the state that outlives it. A [`WriteBuffer`] collects the bytes for
//! the socket. The caller passes the current time as an argument.
#![cfg_attr(test, allow(clippy::as_conversions))]

mod awaiting_commit;
mod change_log;
mod config;
mod connection;
mod handshake;
mod inflight;
mod outbox;
mod queue;
mod received;
mod session;
mod stored_delivery;
mod subscriptions;
mod traffic;
mod verdict;
mod violation;
mod write_buffer;

pub use change_log::{Change, Queued};
pub use config::{Config, ListenerSession, Overflow, QoSNumber, SessionExpiry};
pub use connection::Connection;
pub use handshake::{Authenticator, Exchange, ExchangeStep, Handshake, Negotiated, Refusal, Step};
pub use received::Received;
pub use session::{
    AttachOutcome, Cause, DeliverySnapshot, DetachOutcome, Frames, Session, SessionMetadata, SessionSnapshot,
    TimeoutOutcome, Unacknowledged,
};
pub use stored_delivery::Delivery;
pub use subscriptions::{GrantedOptions, SubscriptionsFull};
pub use traffic::Traffic;
pub use verdict::{DropReason, Drops, Verdict};
pub use violation::Violation;
pub use write_buffer::{Batch, WriteBuffer};
