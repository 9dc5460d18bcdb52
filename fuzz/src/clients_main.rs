//! Random clients against a model: seeded runs in virtual time. Ends with 1 when broker and model differ, or when a
//! long run has not seen every situation that it is for.
#![allow(clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use tidegate_fuzz::clients::{self, Options, Situations};

/// Drives a few random clients of the broker against a model of what MQTT demands.
#[derive(Parser)]
struct Arguments {
    /// Steps of all runs together.
    #[arg(long, default_value_t = 1_000_000)]
    steps: u64,
    /// The seed of the first run; each run's is one more than that of the run before.
    #[arg(long, default_value_t = 20_260_401)]
    seed: u64,
    /// How many clients; 2 to 5 by default, as the seed of the run says.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=20))]
    clients: Option<u8>,
    /// Tells every step.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let Arguments { steps, seed, clients, trace } = Arguments::parse();
    let options = Options { steps, seed, clients: clients.map(usize::from), trace };
    let outcome = clients::run(&options, &mut |words| println!("{words}"));
    if let Some(difference) = &outcome.difference {
        println!("{difference}");
        return ExitCode::FAILURE;
    }
    tell(&outcome.situations);
    println!("{} steps in {} runs: no difference", outcome.steps, outcome.runs);
    let missing = outcome.situations.missing();
    if steps >= STEPS_ENOUGH && clients.is_none() && !missing.is_empty() {
        println!("never seen: {missing:?}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn tell(situations: &Situations) {
    for (situation, count) in situations.iter() {
        println!("{count:>9}  {}", situation.words());
    }
}

/// From so many steps on, every situation has to be seen.
const STEPS_ENOUGH: u64 = 100_000;
