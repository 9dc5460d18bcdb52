//! Runs commands and brokers on damaged files.

use std::path::Path;
use std::process::Command;

use tidegate_interop::process::{DEADLINE, Process, ProcessExit};
use tidegate_interop::toolbox;

/// The end of a process that did what it should: it exited by itself with 0 or 1, without a panic, and said why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Exit code 0.
    Accepted,
    /// Exit code 1, with a message.
    Refused,
}

/// Runs a `tidegate` command until it exits.
pub fn command(arguments: &[&str], paths: &[(&str, &Path)]) -> ProcessExit {
    let mut command = Command::new(toolbox::broker());
    command.args(arguments);
    for (option, path) in paths {
        command.args((!option.is_empty()).then_some(option)).arg(path);
    }
    Process::start(&arguments.join(" "), &mut command).wait_for_exit(DEADLINE)
}

/// Checks how a process ended. `what` describes the round.
pub fn outcome(what: &str, exit: &ProcessExit) -> Outcome {
    let ProcessExit { status, output, errors } = exit;
    let panicked = output.iter().chain(errors).any(|line| line.contains("panicked at"));
    assert!(!panicked, "{what}: {errors:#?}");
    match status.code() {
        Some(0) => Outcome::Accepted,
        Some(1) if !errors.is_empty() => Outcome::Refused,
        _ => panic!("{what}: {status}\n{output:#?}\n{errors:#?}"),
    }
}
