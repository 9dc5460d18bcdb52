//! Crashes the broker at random, and checks whether the broker kept its promises to the clients, in seeded runs and
//! virtual time. Exits with 1 if a promise is broken, or if a long run does not reach every situation.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use tidegate_fuzz::crash::{self, Options};

/// Crashes the broker at random, and checks that everything the broker acknowledged survives.
#[derive(Parser)]
struct Arguments {
    /// Total number of steps of all runs.
    #[arg(long, default_value_t = 1_000_000)]
    steps: u64,
    /// The seed of the first run. The seed of each further run is one higher than that of the run before.
    #[arg(long, default_value_t = 20_260_401)]
    seed: u64,
    /// Print every step.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let Arguments { steps, seed, trace } = Arguments::parse();
    let outcome = crash::run(&Options { steps, seed, trace }, &mut |line| println!("{line}"));
    if let Some(failure) = &outcome.failure {
        println!("{failure}");
        return ExitCode::FAILURE;
    }
    for (situation, count) in outcome.situations.iter() {
        println!("{count:>9}  {situation:?}");
    }
    println!("{} steps in {} runs: all promises kept", outcome.steps, outcome.runs);
    let missing = outcome.situations.missing();
    if steps >= STEPS_FOR_ALL_SITUATIONS && !missing.is_empty() {
        println!("situations that were never reached: {missing:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The runs must reach every situation if they have at least this many steps.
const STEPS_FOR_ALL_SITUATIONS: u64 = 100_000;
