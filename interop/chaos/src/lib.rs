//! Long runs of the real broker that check its promises: `chaos` under faults of every kind, `soak` under a constant
//! load. [docs/chaos-and-soak.md](../../../docs/chaos-and-soak.md) describes both.
//!
//! A chaos run carries out a `plan`, which a seed determines. `machine` is the broker with a disk and a clock that can
//! fail, `network` the relays between the broker and its clients. `clients` are the clients, one task each, and `crowd`
//! the thread that runs them. The `ledger` records the messages that the clients sent, the broker's answers and the
//! messages received, and detects contradictions between them.

// The test harness panics where a failure occurs; `run` catches the panic.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

pub mod clients;
pub mod crowd;
pub mod ledger;
pub mod machine;
pub mod network;
pub mod plan;
pub mod run;
pub mod soak;
