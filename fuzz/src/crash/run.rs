//! Runs, one after the other, each from a seed of its own; a broken promise ends them.

use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};

use super::situation::Situations;
use super::world::World;
use crate::random::Random;

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Steps of all runs together.
    pub steps: u64,
    /// The seed of the first run; each run's is one more than that of the run before.
    pub seed: u64,
    /// Whether every step is told.
    pub trace: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Runs begun.
    pub runs: u64,
    /// Steps taken.
    pub steps: u64,
    /// What was seen.
    pub situations: Situations,
    /// What ended it.
    pub failure: Option<Failure>,
}

/// The broker has broken a promise.
#[derive(Debug)]
pub struct Failure {
    /// The seed of the run.
    pub seed: u64,
    /// The step of the run.
    pub step: u64,
    message: String,
    /// The last steps.
    last: Vec<String>,
}

/// One run.
struct Run {
    step: u64,
    situations: Situations,
    message: Option<String>,
    lines: Vec<String>,
}

thread_local! {
    /// Where the last panic was, and what it said.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs until the steps are taken or a promise is broken; `say` hears every step if asked to.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Outcome {
    let mut outcome = Outcome { runs: 0, steps: 0, situations: Situations::default(), failure: None };
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let message = info.payload_as_str().unwrap_or("a panic without a text");
        LAST.set(format!("{message}\n  ({place})"));
    }));
    while outcome.steps < options.steps && outcome.failure.is_none() {
        let seed = options.seed.wrapping_add(outcome.runs);
        let left = options.steps - outcome.steps;
        let run = run_one(seed, left, options.trace);
        run.lines.iter().for_each(|line| say(line));
        outcome.runs += 1;
        outcome.steps += run.step;
        outcome.situations.add(&run.situations);
        outcome.failure = run.message.map(|message| Failure {
            seed,
            step: run.step,
            message,
            last: last_steps(seed, left, run.lines),
        });
    }
    drop(panic::take_hook());
    outcome
}

fn run_one(seed: u64, steps_left: u64, is_traced: bool) -> Run {
    let mut random = Random::new(seed.wrapping_mul(0x9e37_79b9));
    let steps = (STEPS_MIN + random.below(STEPS_MAX - STEPS_MIN as usize) as u64).min(steps_left);
    let ends_with_crash = random.chance(50);
    let mut world = World::new(seed, is_traced);
    let mut step = 0;
    let survived = panic::catch_unwind(AssertUnwindSafe(|| {
        while step < steps {
            step += 1;
            world.trace.note(|| format!("{step:>5}"));
            world.step();
        }
        world.finish(ends_with_crash);
    }));
    let message = survived.is_err().then(|| LAST.take());
    Run { step, situations: world.seen.clone(), message, lines: world.trace.into_lines() }
}

/// The last lines of a run. They are made in a second run, because the first made none.
fn last_steps(seed: u64, steps_left: u64, lines: Vec<String>) -> Vec<String> {
    let mut lines = if lines.is_empty() { run_one(seed, steps_left, true).lines } else { lines };
    lines.split_off(lines.len().saturating_sub(LINES_MAX))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "a promise is broken in step {} of the run of seed {}", self.step, self.seed)?;
        writeln!(f, "the last steps:")?;
        self.last.iter().try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f, "the failure: {}", self.message)?;
        let seed = self.seed;
        write!(
            f,
            "again: cargo run -p tidegate-fuzz --bin tidegate-fuzz-crash -- --seed {seed} --steps {STEPS_MAX} --trace"
        )
    }
}

/// Steps of a run.
const STEPS_MIN: u64 = 50;
const STEPS_MAX: usize = 1500;
/// Lines of a trace that are told.
const LINES_MAX: usize = 60;
