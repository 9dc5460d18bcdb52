//! Executes runs one after the other, each with its own seed, until the broker and the model differ.

use std::fmt;

use super::driver::Driver;
use super::harness::Harness;
use super::setup::Setup;
use super::situation::Situations;
use super::trace::Trace;
use crate::panics::Recorder;
use crate::random::Random;

/// Options of all runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Total number of steps of all runs.
    pub steps: u64,
    /// The seed of the first run. The seed of each further run is one higher than that of the run before.
    pub seed: u64,
    /// Number of clients. If `None`, the seed of each run determines two to five clients.
    pub client_count: Option<usize>,
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
    /// The difference that ended the last run.
    pub difference: Option<Difference>,
}

/// A difference between broker and model.
#[derive(Debug)]
pub struct Difference {
    /// The seed of the run.
    pub seed: u64,
    /// Number of the step at which the broker and the model differ.
    pub step: u64,
    /// Number of steps that a new run needs to reach the difference again.
    steps: u64,
    client_count: Option<usize>,
    message: String,
    last_steps: Vec<String>,
}

/// Executes runs until all steps are done, or the broker and the model differ. Calls `report` with a line for each run,
/// and for each step if requested.
pub fn run(options: &Options, report: &mut dyn FnMut(&str)) -> Outcome {
    let mut outcome = Outcome { runs: 0, steps: 0, situations: Situations::default(), difference: None };
    let recorder = Recorder::install();
    while outcome.steps < options.steps && outcome.difference.is_none() {
        run_one(options, &mut outcome, &recorder, report);
    }
    outcome
}

fn run_one(options: &Options, outcome: &mut Outcome, recorder: &Recorder, report: &mut dyn FnMut(&str)) {
    let seed = options.seed.wrapping_add(outcome.runs);
    let mut random = Random::new(seed);
    let setup = Setup::new(seed, options.client_count, &mut random);
    let steps = ((STEPS_MIN + random.below(STEPS_MAX - STEPS_MIN)) as u64).min(options.steps - outcome.steps);
    report(&format!(
        "run {}: seed {seed}, {} clients, {steps} steps",
        outcome.runs,
        setup.ack_percentages.len()
    ));
    outcome.runs += 1;
    let mut trace = Trace::default();
    let mut harness = Harness::new(&setup);
    let mut driver = Driver::new(&setup, random);
    let panic = recorder.catch(|| {
        while trace.count() < steps {
            let step = driver.next_step(&harness.model, &harness.ended);
            harness.perform(step, &mut trace);
            if options.trace {
                report(&trace.describe_last());
            }
        }
        harness.finish(setup.ack_percentages.len(), &mut trace);
    });
    outcome.steps += trace.count().min(steps);
    outcome.situations.add(&harness.model.situations);
    if let Some(panic) = panic {
        let (step, client_count, last_steps) = (trace.count(), options.client_count, trace.describe_all());
        let message = panic.to_string();
        outcome.difference =
            Some(Difference { seed, step, steps: step.min(steps), client_count, message, last_steps });
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "broker and model differ in step {} of the run with seed {}", self.step, self.seed)?;
        writeln!(f, "the last steps:")?;
        self.last_steps.iter().try_for_each(|step| writeln!(f, "{step}"))?;
        writeln!(f, "the difference: {}", self.message)?;
        let clients = self.client_count.map_or_else(String::new, |count| format!(" --clients {count}"));
        let (seed, steps) = (self.seed, self.steps);
        write!(
            f,
            "to repeat it: cargo run -p tidegate-fuzz --bin tidegate-fuzz-clients -- --seed {seed} --steps {steps}{clients}"
        )
    }
}

/// Bounds of the number of steps of a run.
const STEPS_MIN: usize = 500;
const STEPS_MAX: usize = 2000;
