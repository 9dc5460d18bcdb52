//! Catches panics, distinguishes them by location, and reduces their inputs.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use crate::target::Target;

/// A fault that was found.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The target.
    pub target: &'static str,
    /// The location and the message of the panic.
    pub message: String,
    /// An input that causes it.
    pub input: Vec<u8>,
    /// Number of inputs that caused it.
    pub count: u64,
}

/// Runs inputs, and keeps one failure per location.
pub(super) struct Catcher {
    target: Target,
    failures: BTreeMap<String, Failure>,
}

/// The location and the message of the last panic.
static LAST_PANIC: Mutex<(String, String)> = Mutex::new((String::new(), String::new()));

impl Catcher {
    pub(super) fn new(target: Target) -> Self {
        panic::set_hook(Box::new(|info| {
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let message = info.payload_as_str().unwrap_or("a panic without a message").to_owned();
            *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = (location, message);
        }));
        Self { target, failures: BTreeMap::new() }
    }

    /// Runs an input; true if it does not panic.
    pub(super) fn run(&mut self, input: &[u8]) -> bool {
        let Some((location, message)) = failed(self.target, input) else { return true };
        let failure = self.failures.entry(location).or_insert_with_key(|location| Failure {
            target: self.target.name,
            message: format!("{location}: {message}"),
            input: input.to_vec(),
            count: 0,
        });
        failure.count += 1;
        false
    }

    pub(super) fn finish(self) -> Vec<Failure> {
        let target = self.target;
        let small = |(location, failure): (String, Failure)| reduce(target, &location, failure);
        let failures = self.failures.into_iter().map(small).collect();
        drop(panic::take_hook());
        failures
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

/// The location and the message of the panic, if the input causes one.
fn failed(target: Target, input: &[u8]) -> Option<(String, String)> {
    panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input))).err()?;
    Some(LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// Removes bytes and sets bytes to 0, as long as the panic happens at the same location.
fn reduce(target: Target, location: &str, mut failure: Failure) -> Failure {
    let mut tries = 0;
    let mut size = failure.input.len().div_ceil(2);
    while size > 0 && tries < TRIES_MAX {
        let mut start = 0;
        while start < failure.input.len() && tries < TRIES_MAX {
            tries += 1;
            let mut smaller = failure.input.clone();
            smaller.drain(start..(start + size).min(smaller.len()));
            if !keep_if_failing(target, location, &mut failure, smaller) {
                start += size;
            }
        }
        size /= 2;
    }
    for index in 0..failure.input.len().min(TRIES_MAX) {
        let mut simpler = failure.input.clone();
        simpler[index] = 0;
        keep_if_failing(target, location, &mut failure, simpler);
    }
    failure
}

fn keep_if_failing(target: Target, location: &str, failure: &mut Failure, input: Vec<u8>) -> bool {
    match failed(target, &input) {
        Some((same, message)) if same == location => {
            failure.message = format!("{location}: {message}");
            failure.input = input;
            true
        }
        _ => false,
    }
}

const TRIES_MAX: usize = 5000;
