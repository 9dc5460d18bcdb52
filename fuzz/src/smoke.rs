//! The smoke run: seeded inputs for every target, with a watch on panics, hangs and memory. Not: what a target checks.

mod failure;
mod inputs;
mod meter;
mod mutate;
mod run;
mod watchdog;

pub use failure::Failure;
pub use run::{Options, run, write_seeds};
