//! The program `tidegate-soak`: a constant load on the real broker. Exits with code 1 if memory, descriptors, threads
//! or store grow, or if the broker breaks a promise.

#![allow(clippy::print_stdout)]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tidegate_chaos::soak::{Options, soak};

/// Puts a constant load on the broker, and fails when its memory, descriptors, threads or store grow.
#[derive(Parser)]
struct Arguments {
    /// Number of seconds that the load lasts.
    #[arg(long, default_value_t = 60, conflicts_with = "hours")]
    seconds: u64,
    /// Number of hours that the load lasts.
    #[arg(long)]
    hours: Option<u64>,
    /// The seed of the clients' random choices.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let Arguments { seconds, hours, seed } = Arguments::parse();
    let seconds = hours.map_or(seconds, |hours| hours.saturating_mul(3600));
    match soak(&Options { time: Duration::from_secs(seconds), seed }) {
        Ok(lines) => {
            println!("{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(reason) => {
            println!("{reason}\nFAILED: repeat it with ./test soak --seconds {seconds} --seed {seed}");
            ExitCode::FAILURE
        }
    }
}
