//! The load generator: puts load on an MQTT broker over its sockets and accounts for every message.
//!
//! The load generator builds and parses MQTT packets with its own code, so that it also detects faults of the broker's
//! codec. The load generator shares code with the broker in two places only: `fill` writes the broker's store, and
//! `idle::links` uses the clients of the transports.
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
