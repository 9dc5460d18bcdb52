//! A few clients of the broker at random, held against a simple model of what MQTT demands.
//!
//! `broker` puts the crates `session` and `routing` together as the gateway does, without sockets and in virtual time;
//! `model` says what has to come of each step; `driver` chooses the steps. They share packets and steps, nothing else.

mod broker;
mod driver;
mod finish;
mod link;
mod model;
mod run;
mod setup;
mod situation;
mod step;
mod trace;
mod words;
mod world;

pub use run::{Difference, Options, Outcome, run};
pub use situation::{Situation, Situations};
