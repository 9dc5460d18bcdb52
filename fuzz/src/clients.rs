//! Drives random clients of the broker and checks the broker against a simple model of what MQTT demands.
//!
//! `core` runs the production broker, without sockets and in virtual time. `model` determines what each step must
//! cause. `driver` chooses the steps. `harness` passes each step to the broker and to the model and compares the
//! results.

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
