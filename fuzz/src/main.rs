//! The smoke run of all fuzz targets: seeded, bounded, on the stable toolchain. Ends with 1 when a fault was found, with 2
//! when an input does not come to its end.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tidegate_fuzz::memory::Counting;
use tidegate_fuzz::smoke::{self, Options};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs every fuzz target on seeded inputs.
#[derive(Parser)]
struct Arguments {
    /// Inputs for the decoders, all together.
    #[arg(long, default_value_t = 10_000_000)]
    inputs: u64,
    /// Sequences of operations for each state machine.
    #[arg(long, default_value_t = 200_000)]
    sequences: u64,
    /// Determines all inputs.
    #[arg(long, default_value_t = 20_260_401)]
    seed: u64,
    /// Runs this target alone.
    #[arg(long, value_name = "TARGET")]
    only: Option<String>,
    /// The longest that one input may take, in seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

fn main() -> ExitCode {
    let Arguments { inputs, sequences, seed, only, seconds } = Arguments::parse();
    let longest = Duration::from_secs(seconds);
    let failures = smoke::run(&Options { inputs, sequences, seed, only, longest });
    for failure in &failures {
        println!("{failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
