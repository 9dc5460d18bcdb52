//! The load tool: drives an MQTT broker over its sockets and accounts for every message.
//!
//! It shares no code with the broker but in `fill`, which writes its store: frames are built and cut here, so a fault of the
//! codec cannot hide.
#![cfg_attr(test, allow(clippy::as_conversions))]

pub mod churn;
pub mod commits;
pub mod connection;
pub mod curve;
pub mod durable;
pub mod error;
pub mod faults;
pub mod fill;
pub mod idle;
pub mod latencies;
pub mod number;
pub mod process;
pub mod relay;
pub mod report;
pub mod retained;
pub mod sequence_tracker;
pub mod stamp;
pub mod streams;
pub mod subscriptions;
pub mod sync_probe;
pub mod traffic;
pub mod wire;
