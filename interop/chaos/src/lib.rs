//! Runs the real broker for long, and checks that it keeps its promises: `chaos` under faults of every kind, `soak` under a constant
//! load. [docs/chaos-and-soak.md](../../../docs/chaos-and-soak.md) says what they promise.
//!
//! A chaos run carries out a `plan`, which a seed determines. `machine` is the broker with a disk and a clock that can fail, `network`
//! what lies between it and its clients. `clients` are the clients, one task each, and `crowd` the thread that runs them. The `ledger`
//! records what they sent, what they were told and what they received, and notes every contradiction.

// A harness reports a failure by panicking where it occurs; a run catches that.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

pub mod clients;
pub mod crowd;
pub mod ledger;
pub mod machine;
pub mod network;
pub mod plan;
pub mod run;
pub mod soak;
