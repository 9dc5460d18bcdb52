//! `tidegate schema`: prints a JSON Schema of the configuration file.

use std::io::{self, Write};

use super::Failure;
use crate::config;

/// Prints the schema.
///
/// # Errors
/// When standard output cannot be written.
pub fn run() -> Result<(), Failure> {
    writeln!(io::stdout(), "{:#}", config::schema().to_value())?;
    Ok(())
}
