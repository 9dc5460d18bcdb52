//! Errors in a configuration file, with their positions.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Position;

/// The reason why a configuration was rejected. Any error rejects the whole file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The content of the file is invalid.
    #[error("{}", Report { file, faults })]
    Faulty {
        /// The file.
        file: PathBuf,
        /// Every fault found; at least one.
        faults: Vec<Fault>,
    },
}

/// One fault in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The position of the wrong value in the file.
    pub position: Position,
    /// The text for the operator: what is wrong, and what was expected.
    pub message: String,
}

impl Fault {
    /// Creates a fault at a position.
    pub fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

/// Displays one fault per line as `FILE:LINE:COLUMN: message`, like a compiler.
struct Report<'a> {
    file: &'a PathBuf,
    faults: &'a [Fault],
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let Position { line, column } = fault.position;
            write!(f, "{}:{line}:{column}: {}", self.file.display(), fault.message)?;
        }
        Ok(())
    }
}
