//! `tidegate restore`: creates the store of a broker from a snapshot. The broker must not be running.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use tidegate_persistence::{RestoreError, Written, restore};

use super::exit::{self, Failure};
use super::store::{DataArguments, WITHOUT_CHECKSUM};

/// The arguments of `restore`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    /// The snapshot to restore
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataArguments,
    /// Replace an existing store; the data file of the former store is kept under another name
    #[arg(long)]
    replace: bool,
}

/// Checks the snapshot, creates the store from it, and prints the path of the store that it replaces, if any.
///
/// # Errors
/// When the snapshot is inconsistent, the broker is running, or a store exists and `--replace` is not given.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = arguments.data.folder();
    let restored = restore(&arguments.file, &folder, arguments.replace).map_err(|error| match error {
        RestoreError::Exists(_) => Failure::Runtime(format!(
            "error: {error}: use --replace to replace it; its data file is kept under another name"
        )),
        error => error.into(),
    })?;
    let Written { records, bytes } = restored.written;
    let former = restored.former.map(|former| format!("; the former store is {}", former.display()));
    let former = former.unwrap_or_default();
    writeln!(io::stdout(), "{}: {records} records, {bytes} bytes{former}", folder.display())?;
    if !restored.has_checksum {
        writeln!(io::stdout(), "{}: {WITHOUT_CHECKSUM}", arguments.file.display())?;
    }
    Ok(())
}
