//! Every decoder and state machine under random input.
//!
//! A target is a function of bytes that panics when something is wrong: [`TARGETS`] lists them. The same functions
//! are called by `tidegate-fuzz-smoke` with seeded inputs, by `cargo fuzz`, and by the test that replays recorded inputs.
//! [`clients`] is apart: whole clients against a model. So is [`crash`]: whole clients of a broker that crashes.
// A panic reports a fault to the fuzzer. None of this code is part of the broker.
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
