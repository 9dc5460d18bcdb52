//! Tests a broker against every normative statement of MQTT 3.1.1 and 5.0, over every transport.
//!
//! The tests are in `suite/`, one file per topic of the standard. The tables of what has to be tested are in
//! `statements/`. The other modules support the tests: an MQTT codec independent of the broker's, transports, test
//! clients, the runner, and the report that writes the tables in `docs/conformance/`.

// A test reports a failure by panicking. The runner catches the panic.
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
