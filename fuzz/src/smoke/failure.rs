//! Catches panics, distinguishes them by location, and reduces their inputs.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::{fmt, mem};

use crate::panics::{Panic, Recorder};
use crate::target::Target;

/// A fault that a target has found.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Name of the target.
    pub target: &'static str,
    /// The location and the message of the panic.
    pub message: String,
    /// An input that causes the fault.
    pub input: Vec<u8>,
    /// Number of inputs that caused the fault.
    pub count: u64,
}

/// Runs inputs, and keeps one failure for each location of a panic.
pub(super) struct Catcher {
    target: Target,
    recorder: Recorder,
    failures: BTreeMap<String, Failure>,
}

impl Catcher {
    pub(super) fn new(target: Target) -> Self {
        Self { target, recorder: Recorder::install(), failures: BTreeMap::new() }
    }

    /// Runs an input. Returns whether the target passes without a panic.
    pub(super) fn run(&mut self, input: &[u8]) -> bool {
        let Some(Panic { location, message }) = self.catch(input) else { return true };
        let failure = self.failures.entry(location).or_insert_with_key(|location| Failure {
            target: self.target.name,
            message: format!("{location}: {message}"),
            input: input.to_vec(),
            count: 0,
        });
        failure.count += 1;
        false
    }

    pub(super) fn finish(mut self) -> Vec<Failure> {
        let failures = mem::take(&mut self.failures);
        failures.into_iter().map(|(location, failure)| self.reduce(&location, failure)).collect()
    }

    fn catch(&self, input: &[u8]) -> Option<Panic> {
        self.recorder.catch(|| (self.target.run)(input))
    }

    /// Removes bytes and sets bytes to 0, as long as the panic happens at the same location.
    fn reduce(&self, location: &str, mut failure: Failure) -> Failure {
        let mut runs = 0;
        let mut size = failure.input.len().div_ceil(2);
        while size > 0 && runs < REDUCTION_RUNS_MAX {
            let mut start = 0;
            while start < failure.input.len() && runs < REDUCTION_RUNS_MAX {
                runs += 1;
                let mut smaller = failure.input.clone();
                smaller.drain(start..(start + size).min(smaller.len()));
                if !self.keep_if_failing(location, &mut failure, smaller) {
                    start += size;
                }
            }
            size /= 2;
        }
        for index in 0..failure.input.len().min(REDUCTION_RUNS_MAX) {
            let mut simpler = failure.input.clone();
            simpler[index] = 0;
            self.keep_if_failing(location, &mut failure, simpler);
        }
        failure
    }

    fn keep_if_failing(&self, location: &str, failure: &mut Failure, input: Vec<u8>) -> bool {
        match self.catch(&input) {
            Some(Panic { location: same, message }) if same == location => {
                failure.message = format!("{location}: {message}");
                failure.input = input;
                true
            }
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "target {} failed on {} inputs", self.target, self.count)?;
        writeln!(f, "  {}", self.message)?;
        write!(f, "  input: ")?;
        self.input.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

const REDUCTION_RUNS_MAX: usize = 5000;
