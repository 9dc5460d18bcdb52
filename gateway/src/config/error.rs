//! What was wrong with a configuration, and where; the operator's faults only.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Position;

/// Why a configuration was not taken. Nothing of it is in force then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was read and is wrong.
    #[error("{}", Report { file, faults })]
    Faulty {
        /// The file.
        file: PathBuf,
        /// All that was found; at least one.
        faults: Vec<Fault>,
    },
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub position: Position,
    /// What is wrong, and what was expected.
    pub message: String,
}

impl Fault {
    /// A fault at a position.
    pub fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

/// One fault a line, as compilers write them.
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
