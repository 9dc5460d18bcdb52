//! The outcomes of commands and brokers on damaged files.

use tidegate_interop::process::ProcessExit;

/// The result of a process that ended as it should: with exit code 0, or with exit code 1 and an error message, and
/// without a panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Exit code 0.
    Accepted,
    /// Exit code 1, with a message.
    Refused,
}

/// Checks that a process ended as it should, and returns its outcome. `description` describes the round.
pub fn check_outcome(description: &str, exit: &ProcessExit) -> Outcome {
    let ProcessExit { status, output, errors } = exit;
    let panicked = output.iter().chain(errors).any(|line| line.contains("panicked at"));
    assert!(!panicked, "{description}: {errors:#?}");
    match status.code() {
        Some(0) => Outcome::Accepted,
        Some(1) if !errors.is_empty() => Outcome::Refused,
        _ => panic!("{description}: {status}\n{output:#?}\n{errors:#?}"),
    }
}
