//! Every normative statement of MQTT 3.1.1 and 5.0 as a test, over every transport, against any broker.
//!
//! `suite/` has the tests, one area of the standard a file; `statements/` the tables of what there is to test. The rest
//! is the bench they stand on: a codec of its own, links, clients, the runner, the tables in `docs/conformance/`.

// A test has nobody to return an error to: what goes wrong is told by a panic, which the runner catches.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]
#![allow(clippy::as_conversions, clippy::print_stdout)]

mod case;
mod client;
mod command;
mod counterpart;
mod gaps;
mod harness;
mod link;
mod report;
mod runner;
mod statement;
mod suite;
mod target;
mod transcript;
mod wire;

pub use command::{Arguments, run};
