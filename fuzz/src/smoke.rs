//! The smoke run, which passes seeded inputs to every target. The smoke run detects panics, hangs and excessive memory
//! use.

mod failure;
mod inputs;
mod meter;
mod mutate;
mod run;
mod watchdog;

pub use failure::Failure;
pub use run::{Options, run, write_seeds};
