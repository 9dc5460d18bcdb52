//! The real broker crashes at random, in virtual time: what it acknowledged to its clients has to survive.
//!
//! `store` is a store in memory that commits and crashes when a seeded random source says so. `core` drives the broker as
//! a core of the gateway does. `client` is a small correct MQTT client, which never crashes. `promises` records what the
//! clients were told and what they received, and says when the two contradict each other. `world` puts them together and
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
