//! Random clients of the broker, checked against a simple model of what MQTT demands.
//!
//! `core` runs the broker that ships, without sockets and in virtual time. `model` says what each step must cause. `driver` chooses
//! the steps. `harness` gives each step to broker and model and compares them.

mod core;
mod describe;
mod driver;
mod finish;
mod harness;
mod model;
mod peer;
mod run;
mod setup;
mod situation;
mod step;
mod trace;

pub use run::{Difference, Options, Outcome, run};
pub use situation::{Situation, Situations};
