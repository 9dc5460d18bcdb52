//! `tidegate schema`: prints a JSON Schema of the configuration file, or the book's page of settings.

use std::io::{self, Write};

use clap::Args;

use super::exit::{self, Failure};
use crate::config;

/// The arguments of `schema`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    /// Print a page in Markdown that lists all settings, instead of the JSON Schema
    #[arg(long)]
    book: bool,
}

/// Prints the schema or the page.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.book {
        write!(io::stdout(), "{}", config::book())?;
    } else {
        writeln!(io::stdout(), "{:#}", config::schema().to_value())?;
    }
    Ok(())
}
