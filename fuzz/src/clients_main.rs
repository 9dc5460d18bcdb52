//! Drives random clients of the broker and compares the broker with a model, in seeded runs and virtual time. Exits
//! with 1 if the broker and the model differ, or if a long run does not reach every situation.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use tidegate_fuzz::clients::{self, Options, Situations};

/// Drives random clients of the broker and checks it against a model of what MQTT demands.
#[derive(Parser)]
struct Arguments {
    /// Total number of steps of all runs.
    #[arg(long, default_value_t = 1_000_000)]
    steps: u64,
    /// The seed of the first run. The seed of each further run is one higher than that of the run before.
    #[arg(long, default_value_t = 20_260_401)]
    seed: u64,
    /// Number of clients. By default, the seed of each run determines 2 to 5 clients.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=20))]
    clients: Option<u8>,
    /// Print every step.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let Arguments { steps, seed, clients, trace } = Arguments::parse();
    let options = Options { steps, seed, client_count: clients.map(usize::from), trace };
    let outcome = clients::run(&options, &mut |line| println!("{line}"));
    if let Some(difference) = &outcome.difference {
        println!("{difference}");
        return ExitCode::FAILURE;
    }
    print_situations(&outcome.situations);
    println!("{} steps in {} runs: no difference", outcome.steps, outcome.runs);
    let missing = outcome.situations.missing();
    if steps >= STEPS_FOR_ALL_SITUATIONS && clients.is_none() && !missing.is_empty() {
        println!("situations that were never reached: {missing:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn print_situations(situations: &Situations) {
    for (situation, count) in situations.iter() {
        println!("{count:>9}  {}", situation.description());
    }
}

/// The runs must reach every situation if they have at least this many steps.
const STEPS_FOR_ALL_SITUATIONS: u64 = 100_000;
