//! `tidegate check`: checks a configuration file without starting the broker.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::{self, Failure};
use crate::config;

/// The arguments of `check`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    /// Configuration file to check
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
}

/// Checks the configuration file. Prints its warnings, if any, and then `OK`.
///
/// # Errors
/// When the configuration is invalid; the error lists every fault.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = config::load(&arguments.config)?;
    for warning in loaded.warnings {
        exit::print_error(&format!("warning: {warning}"));
    }
    writeln!(io::stdout(), "{}: OK", arguments.config.display())?;
    Ok(())
}
