//! The broker crashes at random, and its clients find out whether it kept its promises: seeded runs in virtual time. Ends
//! with 1 when a promise is broken, or when a long run has not seen every situation that it is for.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use tidegate_fuzz::crash::{self, Options};

/// Crashes the broker at random, and checks what it acknowledged before.
#[derive(Parser)]
struct Arguments {
    /// Steps of all runs together.
    #[arg(long, default_value_t = 1_000_000)]
    steps: u64,
    /// The seed of the first run; each run's is one more than that of the run before.
    #[arg(long, default_value_t = 20_260_401)]
    seed: u64,
    /// Tells every step.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let Arguments { steps, seed, trace } = Arguments::parse();
    let outcome = crash::run(&Options { steps, seed, trace }, &mut |words| println!("{words}"));
    if let Some(failure) = &outcome.failure {
        println!("{failure}");
        return ExitCode::FAILURE;
    }
    for (situation, count) in outcome.situations.iter() {
        println!("{count:>9}  {situation:?}");
    }
    println!("{} steps in {} runs: all promises kept", outcome.steps, outcome.runs);
    let missing = outcome.situations.missing();
    if steps >= STEPS_ENOUGH && !missing.is_empty() {
        println!("never seen: {missing:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// From so many steps on, every situation has to be seen.
const STEPS_ENOUGH: u64 = 100_000;
