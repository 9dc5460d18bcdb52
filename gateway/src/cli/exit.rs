//! Failures of commands, and their exit codes.

use std::io::{self, Write};
use std::process::ExitCode;

use tidegate_client::ClientError;
use tidegate_persistence::{ReadError, RestoreError};

use crate::config::ConfigError;

/// The reason why a command failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Wrong usage, or an invalid configuration.
    Usage(String),
    /// The operation failed.
    Runtime(String),
    /// The operation failed, and the error is already printed or logged.
    AlreadyReported,
    /// The reader of standard output has closed it. This is not an error.
    BrokenPipe,
}

impl Failure {
    /// Prints the error, if any, and returns the exit code.
    #[must_use]
    pub fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Usage(text) => (text, USAGE_EXIT_CODE),
            Self::Runtime(text) => (text, RUNTIME_EXIT_CODE),
            Self::AlreadyReported => return ExitCode::from(RUNTIME_EXIT_CODE),
            Self::BrokenPipe => return ExitCode::SUCCESS,
        };
        print_error(&text);
        ExitCode::from(code)
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Runtime(format!("error: {error}"))
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Runtime(format!("error: {error}"))
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        Self::Runtime(format!("error: {error}"))
    }
}

/// The text has no `error:` prefix, because each line begins with `FILE:LINE:COLUMN`, like the errors of a compiler.
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Runtime(format!("error: {error}")),
        }
    }
}

/// Writes a line to standard error. Ignores write errors.
pub fn print_error(line: &str) {
    let written = writeln!(io::stderr(), "{line}");
    drop(written);
}

/// The exit codes, as `--help` lists them.
pub const EXIT_CODES_HELP: &str = "\
Exit codes:
  0  success
  1  the operation failed, was interrupted, or found faults
  2  wrong usage or invalid configuration";

const RUNTIME_EXIT_CODE: u8 = 1;
const USAGE_EXIT_CODE: u8 = 2;
