//! Runs each target on its inputs, and prints measurements.
#![allow(clippy::print_stdout)]

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use super::failure::{Catcher, Failure};
use super::inputs;
use super::meter::Meter;
use super::watchdog::Watchdog;
use crate::memory;
use crate::random::Random;
use crate::target::{TARGETS, Target};

/// Options of the smoke run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Total number of inputs of the targets `decode`, `roundtrip`, `stream` and `topics`.
    pub inputs: u64,
    /// Number of sequences of operations for each of the targets `router` and `session`.
    pub sequences: u64,
    /// The seed that determines all inputs.
    pub seed: u64,
    /// The only target to run; `None` runs all.
    pub only: Option<String>,
    /// Maximum time that one input may take.
    pub time_max: Duration,
}

/// Runs the targets. Returns the faults that were found, each once and with a reduced input.
#[must_use]
pub fn run(options: &Options) -> Vec<Failure> {
    println!("seed {}", options.seed);
    let resident = memory::resident_bytes();
    let watchdog = Watchdog::start(options.time_max);
    let mut failures = Vec::new();
    let is_wanted = |target: &Target| options.only.as_ref().is_none_or(|name| name == target.name);
    for target in TARGETS.into_iter().filter(is_wanted) {
        failures.extend(run_target(target, options, &watchdog));
    }
    println!(
        "resident memory: {} KiB before, {} KiB after",
        resident / 1024,
        memory::resident_bytes() / 1024
    );
    failures
}

/// Writes some inputs of each target to a subfolder of `folder` with its name.
///
/// # Errors
/// Fails if a file cannot be written.
pub fn write_seeds(folder: &Path, seed: u64) -> io::Result<()> {
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        let mut random = Random::new(seed ^ inputs::hash(target.name));
        for (index, input) in inputs::seeds(target.name, &mut random).iter().enumerate() {
            fs::write(folder.join(format!("seed-{index}")), input)?;
        }
    }
    Ok(())
}

fn run_target(target: Target, options: &Options, watchdog: &Watchdog) -> Vec<Failure> {
    let mut random = Random::new(options.seed ^ inputs::hash(target.name));
    let count = inputs::count(target.name, options);
    let mut catcher = Catcher::new(target);
    let mut meter = Meter::new(target.name);
    let started = Instant::now();
    inputs::for_each_input(target.name, count, &mut random, &mut |input| {
        watchdog.begin_input(target.name, input);
        meter.measure(input, || catcher.run(input));
        watchdog.end_input();
    });
    let seconds = started.elapsed().as_secs_f64();
    println!("{:8} {count:9} inputs {seconds:6.1} s  {meter}", target.name);
    let mut failures = catcher.finish();
    failures.extend(meter.finish());
    failures
}
