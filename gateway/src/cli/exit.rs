//! How a command ends when it does not end well.

use std::io::{self, Write};
use std::process::ExitCode;

use tidegate_persistence::{ReadError, RestoreError};

use crate::client::ClientError;
use crate::config::ConfigError;

/// Why a command failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The command was called wrongly, or its configuration is wrong.
    Usage(String),
    /// What was asked for did not work.
    Runtime(String),
    /// It did not work, and that was said already.
    AlreadyReported,
    /// Nobody reads the output any more.
    BrokenPipe,
}

impl Failure {
    /// Says what is to be said, and gives the exit code.
    #[must_use]
    pub fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Usage(text) => (text, USAGE),
            Self::Runtime(text) => (text, RUNTIME),
            Self::AlreadyReported => return ExitCode::from(RUNTIME),
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

/// Each line of it begins with a place, as compilers write them.
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

/// Writes a line to standard error; that nobody reads it is no reason to stop.
pub fn print_error(line: &str) {
    let written = writeln!(io::stderr(), "{line}");
    drop(written);
}

/// For `--help`.
pub const CODES: &str = "\
Exit codes:
  0  done
  1  it did not work: refused, not acknowledged, unreachable, interrupted half way; a check found faults
  2  called wrongly, or the configuration is wrong";

const RUNTIME: u8 = 1;
const USAGE: u8 = 2;
