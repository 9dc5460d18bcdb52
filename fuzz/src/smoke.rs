//! The smoke run: seeded inputs for every target. It detects panics, hangs and excessive memory.

mod failure;
mod inputs;
mod meter;
mod mutate;
mod run;
mod watchdog;

pub use failure::Failure;
pub use run::{Options, run, write_seeds};
