//! `tidegate check`: is this configuration in order?

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::{self, Failure};
use crate::config;

/// What `check` is called with.
#[derive(Debug, Args)]
#[command(after_help = exit::CODES)]
pub struct Arguments {
    /// The configuration file
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
}

/// Says `OK`, and what is worth a warning.
///
/// # Errors
/// With every fault of the file.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = config::load(&arguments.config)?;
    for warning in loaded.warnings {
        exit::print_error(&format!("warning: {warning}"));
    }
    writeln!(io::stdout(), "{}: OK", arguments.config.display())?;
    Ok(())
}
