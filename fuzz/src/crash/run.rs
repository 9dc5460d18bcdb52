//! Executes runs, each with its own seed, until the broker breaks a promise.

use std::fmt;

use super::situation::Situations;
use super::world::World;
use crate::panics::{Panic, Recorder};
use crate::random::Random;

/// Options of all runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Total number of steps of all runs.
    pub steps: u64,
    /// The seed of the first run. The seed of each further run is one higher than that of the run before.
    pub seed: u64,
    /// Whether every step is reported.
    pub trace: bool,
}

/// The result of all runs.
#[derive(Debug)]
pub struct Outcome {
    /// Number of runs.
    pub runs: u64,
    /// Number of steps.
    pub steps: u64,
    /// Number of times that each situation was reached.
    pub situations: Situations,
    /// The failure that ended the last run.
    pub failure: Option<Failure>,
}

/// A promise that the broker has broken.
#[derive(Debug)]
pub struct Failure {
    /// The seed of the run.
    pub seed: u64,
    /// Number of the step at which the promise was broken.
    pub step: u64,
    message: String,
    /// The trace lines of the last steps.
    last_lines: Vec<String>,
}

/// The result of one run.
struct Run {
    step: u64,
    situations: Situations,
    panic: Option<Panic>,
    lines: Vec<String>,
}

/// Executes runs until all steps are done or a promise is broken. If requested, calls `report` with a line for every
/// step.
pub fn run(options: &Options, report: &mut dyn FnMut(&str)) -> Outcome {
    let mut outcome = Outcome { runs: 0, steps: 0, situations: Situations::default(), failure: None };
    let recorder = Recorder::install();
    while outcome.steps < options.steps && outcome.failure.is_none() {
        let seed = options.seed.wrapping_add(outcome.runs);
        let left = options.steps - outcome.steps;
        let run = run_one(seed, left, options.trace, &recorder);
        run.lines.iter().for_each(|line| report(line));
        outcome.runs += 1;
        outcome.steps += run.step;
        outcome.situations.add(&run.situations);
        outcome.failure = run.panic.map(|panic| Failure {
            seed,
            step: run.step,
            message: panic.to_string(),
            last_lines: last_steps(seed, left, run.lines, &recorder),
        });
    }
    outcome
}

fn run_one(seed: u64, steps_left: u64, is_traced: bool, recorder: &Recorder) -> Run {
    let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9));
    let steps = (STEPS_MIN + random.below(STEPS_MAX - STEPS_MIN as usize) as u64).min(steps_left);
    let ends_with_crash = random.chance(50);
    let mut world = World::new(seed, is_traced);
    let mut step = 0;
    let panic = recorder.catch(|| {
        while step < steps {
            step += 1;
            world.trace.note(|| format!("{step:>5}"));
            world.step();
        }
        world.finish(ends_with_crash);
    });
    Run { step, situations: world.situations.clone(), panic, lines: world.trace.into_lines() }
}

/// Returns the last lines of the trace of a run. If the run was not traced, repeats it with a trace.
fn last_steps(seed: u64, steps_left: u64, lines: Vec<String>, recorder: &Recorder) -> Vec<String> {
    let mut lines = if lines.is_empty() { run_one(seed, steps_left, true, recorder).lines } else { lines };
    lines.split_off(lines.len().saturating_sub(LINES_MAX))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a promise is broken in step {} of the run of seed {}", self.step, self.seed)?;
        writeln!(f, "the last steps:")?;
        self.last_lines.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f, "the failure: {}", self.message)?;
        let seed = self.seed;
        write!(
            f,
            "again: cargo run -p tidegate-fuzz --bin tidegate-fuzz-crash -- --seed {seed} --steps {STEPS_MAX} --trace"
        )
    }
}

/// Bounds of the number of steps of a run.
const STEPS_MIN: u64 = 50;
const STEPS_MAX: usize = 1500;
/// Maximum number of trace lines in a failure.
const LINES_MAX: usize = 60;
