//! Crashes the real broker at random, in virtual time, and checks that everything it acknowledged to clients survives.
//!
//! `store` is a store in memory that commits and crashes as a seeded random source decides. `core` drives the broker as
//! a core of the gateway does. `client` is a small correct MQTT client, which never crashes. `promises` records what the
//! clients were promised and what they received, and fails if the two disagree. `world` combines these parts and
//! takes one random step at a time: a turn of one connection, a commit, a lost network connection, a crash.

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
