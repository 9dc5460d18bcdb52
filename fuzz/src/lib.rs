//! Tests every decoder and state machine with random input.
//!
//! A target is a function that takes bytes as input and panics if a check fails. [`TARGETS`] lists the targets.
//! `tidegate-fuzz-smoke` calls them with seeded inputs, `cargo fuzz` with inputs that it generates, and a test with
//! recorded inputs. Two modules are not targets but drive the whole broker with random clients: [`clients`] compares
//! the broker with a model, and [`crash`] crashes the broker.
// A panic reports a fault to the fuzzer, so the lints against panics are off. This code is not part of the broker.
#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::as_conversions)]

pub mod clients;
pub mod crash;
pub mod decode;
pub mod memory;
mod panics;
pub mod random;
pub mod roundtrip;
pub mod router;
pub mod sample;
pub mod session;
pub mod smoke;
pub mod source;
pub mod stream;
mod target;
pub mod topics;

pub use target::{TARGETS, Target, target};
