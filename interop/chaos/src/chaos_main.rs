//! The program `tidegate-chaos`: runs plans of faults against the real broker. Exits with code 1 if the broker breaks a
//! promise.

#![allow(clippy::print_stdout)]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use tidegate_chaos::plan::{Choices, Durability, Kind, Plan};
use tidegate_chaos::run::run;

/// Runs the broker under random faults, and checks that every message it acknowledged is delivered.
#[derive(Parser)]
struct Arguments {
    /// The seed of the first run. The seed rises by 1 with each further run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of runs.
    #[arg(long, default_value_t = 1)]
    runs: u64,
    /// The number of events in each run.
    #[arg(long, default_value_t = 20)]
    events: usize,
    /// The kinds of events that may happen [default: all].
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<Kind>,
    /// The broker's durability setting [default: the seed chooses].
    #[arg(long)]
    durability: Option<Durability>,
    /// Prints the plans without carrying them out.
    #[arg(long)]
    plan: bool,
}

impl Arguments {
    fn choices(&self) -> Choices {
        let kinds = if self.kinds.is_empty() { Kind::ALL.to_vec() } else { self.kinds.clone() };
        Choices { events: self.events, kinds, durability: self.durability }
    }

    /// Returns the command line that repeats the run with this seed.
    fn repeat(&self, seed: u64) -> String {
        let given: Vec<_> = std::env::args().skip(1).collect();
        let mut words = given.iter().map(String::as_str).peekable();
        let mut kept = Vec::new();
        while let Some(word) = words.next() {
            if ["--seed", "--runs"].contains(&word) {
                let _ = words.next();
            } else if !word.starts_with("--seed=") && !word.starts_with("--runs=") {
                kept.push(word);
            }
        }
        format!("./test chaos --seed {seed} {}", kept.join(" "))
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.runs) {
        let plan = Plan::new(seed, &arguments.choices());
        if arguments.plan {
            print!("{plan}");
            continue;
        }
        let start = Instant::now();
        match run(&plan) {
            Ok(totals) => {
                let (events, time) = (plan.steps.len(), start.elapsed().as_secs());
                let durability = plan.durability.name();
                println!("seed {seed}, {durability}: {events} events in {time} s: {totals}");
            }
            Err(failure) => {
                println!("{}\nFAILED in event {} of this plan:\n{plan}", failure.reason, failure.events);
                println!(
                    "Clients and broker run in real time, so a repetition may differ: {}",
                    arguments.repeat(seed)
                );
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
