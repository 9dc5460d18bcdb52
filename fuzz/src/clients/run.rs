//! Runs, one after the other, each from a seed of its own; a difference ends them.

use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};

use super::driver::Driver;
use super::setup::Setup;
use super::situation::Situations;
use super::trace::Trace;
use super::world::World;
use crate::random::Random;

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Steps of all runs together.
    pub steps: u64,
    /// The seed of the first run; each run's is one more than that of the run before.
    pub seed: u64,
    /// How many clients; none: two to five, as the run's seed says.
    pub clients: Option<usize>,
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
    /// The difference that ended it.
    pub difference: Option<Difference>,
}

/// Broker and model differ.
#[derive(Debug)]
pub struct Difference {
    /// The seed of the run.
    pub seed: u64,
    /// The step of the run.
    pub step: u64,
    /// How many steps to ask for to see it again.
    steps: u64,
    clients: Option<usize>,
    message: String,
    last: Vec<String>,
}

thread_local! {
    /// Where the last panic was, and what it said.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs until the steps are taken or broker and model differ; `say` hears of every run, and of every step if asked to.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Outcome {
    let mut outcome = Outcome { runs: 0, steps: 0, situations: Situations::default(), difference: None };
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let message = info.payload_as_str().unwrap_or("a panic without a text");
        LAST.set(format!("{message}\n  ({place})"));
    }));
    while outcome.steps < options.steps && outcome.difference.is_none() {
        run_one(options, &mut outcome, say);
    }
    drop(panic::take_hook());
    outcome
}

fn run_one(options: &Options, outcome: &mut Outcome, say: &mut dyn FnMut(&str)) {
    let seed = options.seed.wrapping_add(outcome.runs);
    let mut random = Random::new(seed);
    let setup = Setup::new(seed, options.clients, &mut random);
    let steps = ((STEPS_MIN + random.below(STEPS_MAX - STEPS_MIN)) as u64).min(options.steps - outcome.steps);
    say(&format!("run {}: seed {seed}, {} clients, {steps} steps", outcome.runs, setup.eagerness.len()));
    outcome.runs += 1;
    let mut trace = Trace::default();
    let mut world = World::new(&setup);
    let mut driver = Driver::new(&setup, random);
    let survived = panic::catch_unwind(AssertUnwindSafe(|| {
        while trace.count() < steps {
            let step = driver.next(&world.model, &world.over);
            world.take(step, &mut trace);
            if options.trace {
                say(&trace.last_words());
            }
        }
        world.finish(setup.eagerness.len(), &mut trace);
    }));
    outcome.steps += trace.count().min(steps);
    outcome.situations.add(&world.model.seen);
    if survived.is_err() {
        let (step, clients, last) = (trace.count(), options.clients, trace.words());
        let message = LAST.take();
        outcome.difference = Some(Difference { seed, step, steps: step.min(steps), clients, message, last });
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "broker and model differ in step {} of the run of seed {}", self.step, self.seed)?;
        writeln!(f, "the last steps:")?;
        self.last.iter().try_for_each(|step| writeln!(f, "{step}"))?;
        writeln!(f, "the difference: {}", self.message)?;
        let clients = self.clients.map_or_else(String::new, |clients| format!(" --clients {clients}"));
        let (seed, steps) = (self.seed, self.steps);
        write!(
            f,
            "again: cargo run -p tidegate-fuzz --bin tidegate-fuzz-clients -- --seed {seed} --steps {steps}{clients}"
        )
    }
}

/// Steps of a run.
const STEPS_MIN: usize = 500;
const STEPS_MAX: usize = 2000;
