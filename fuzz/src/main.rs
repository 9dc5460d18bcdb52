//! The smoke run of all fuzz targets. The run is seeded and bounded, and needs only the stable toolchain. Exits with 1
//! if a target finds a fault, and with 2 if an input takes too long.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tidegate_fuzz::memory::CountingAllocator;
use tidegate_fuzz::smoke::{self, Options};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Run every fuzz target on seeded inputs.
#[derive(Parser)]
struct Arguments {
    /// Total number of inputs of the targets `decode`, `roundtrip`, `stream` and `topics`.
    #[arg(long, default_value_t = 10_000_000)]
    inputs: u64,
    /// Number of sequences of operations for each of the targets `router` and `session`.
    #[arg(long, default_value_t = 200_000)]
    sequences: u64,
    /// The seed that determines all inputs.
    #[arg(long, default_value_t = 20_260_401)]
    seed: u64,
    /// Run only this target.
    #[arg(long, value_name = "TARGET")]
    only: Option<String>,
    /// Run only this input, given in hexadecimal digits, and do not catch its panic.
    #[arg(long, value_name = "HEX", requires = "only")]
    input: Option<String>,
    /// Write some inputs of each target to this folder instead of running them.
    #[arg(long, value_name = "FOLDER")]
    write_seeds: Option<PathBuf>,
    /// The maximum time that one input may take, in seconds.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
}

fn main() -> ExitCode {
    let Arguments { inputs, sequences, seed, only, input, write_seeds, seconds } = Arguments::parse();
    if let Some(folder) = write_seeds {
        smoke::write_seeds(&folder, seed).expect("the folder can be written");
        return ExitCode::SUCCESS;
    }
    if let (Some(input), Some(name)) = (&input, &only) {
        let target = tidegate_fuzz::target(name).expect("the name of a target");
        (target.run)(&parse_hex(input));
        return ExitCode::SUCCESS;
    }
    let time_max = Duration::from_secs(seconds);
    let failures = smoke::run(&Options { inputs, sequences, seed, only, time_max });
    for failure in &failures {
        println!("{failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse_hex(digits: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.as_bytes().chunks(2).map(pair).collect::<Option<_>>().expect("hexadecimal digits")
}
