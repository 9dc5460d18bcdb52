//! `tidegate schema`: the JSON Schema of the configuration.

use std::io::{self, Write};

use super::Failure;
use crate::config;

/// Prints it.
///
/// # Errors
/// When it cannot be written.
pub fn run() -> Result<(), Failure> {
    writeln!(io::stdout(), "{:#}", config::schema().to_value())?;
    Ok(())
}
