//! `tidegate store check`: checks the store for damage and consistency.

use std::io::{self, Write};

use clap::Args;
use parking_lot::Mutex;
use tidegate_persistence::{Maintenance, ReadOnly};

use super::{SourceArguments, WITHOUT_CHECKSUM};
use crate::cli::exit::{self, Failure};

/// The arguments of `store check`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    #[command(flatten)]
    source: SourceArguments,
}

/// Prints one line per fault, or `OK`.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let check = |store: &Mutex<ReadOnly>| Ok((store.check()?, store.lock().has_checksum()));
    let (findings, has_checksum) = arguments.source.read(check)?;
    let mut output = io::stdout().lock();
    for fault in &findings.faults {
        writeln!(output, "{fault}")?;
    }
    if arguments.source.is_snapshot() && !has_checksum {
        writeln!(output, "{}: {WITHOUT_CHECKSUM}", arguments.source.name().display())?;
    }
    let (name, records) = (arguments.source.name(), findings.records);
    if findings.is_clean() {
        writeln!(output, "{}: OK, {records} records", name.display())?;
        return Ok(());
    }
    let count = findings.faults.len();
    Err(Failure::Runtime(format!(
        "error: {}: {count} faults in {records} records; restore a snapshot",
        name.display()
    )))
}
