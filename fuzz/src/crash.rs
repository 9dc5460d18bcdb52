//! Crashes the production broker at random, in virtual time, and checks that everything the broker acknowledged to
//! clients survives.
//!
//! `store` is a store in memory that commits and crashes at random times. `core` drives the broker as a core of the
//! gateway does. `client` is a small correct MQTT client, which never crashes. `promises` records which messages the
//! broker has promised to the clients and which messages the clients received, and panics if the two contradict each
//! other. `world` combines these parts and performs one random step at a time: a turn of one connection, a commit, the
//! loss of a network connection, a crash.

mod client;
mod core;
mod finish;
mod link;
mod promises;
mod run;
mod setup;
mod situation;
mod store;
mod trace;
mod world;

pub use run::{Failure, Options, Outcome, run};
pub use situation::{Situation, Situations};
