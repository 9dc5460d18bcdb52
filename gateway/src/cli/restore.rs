//! `tidegate restore`: the store of a broker that does not run, made from a snapshot.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use tidegate_persistence::{RestoreError, Written, restore};

use super::exit::{self, Failure};
use super::store::DataArguments;

/// What `restore` is called with.
#[derive(Debug, Args)]
#[command(after_help = exit::CODES)]
pub struct Arguments {
    /// The snapshot
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataArguments,
    /// Replace the store that is there; its file is kept under another name
    #[arg(long)]
    replace: bool,
}

/// Checks the snapshot, puts it in place, and says what became of the former store.
///
/// # Errors
/// When the snapshot is not in order, the broker runs, or a store is there that is not to be replaced.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = arguments.data.folder();
    let restored = restore(&arguments.file, &folder, arguments.replace).map_err(|error| match error {
        RestoreError::Exists(_) => Failure::Runtime(format!("error: {error}: --replace keeps it beside")),
        error => error.into(),
    })?;
    let Written { records, bytes } = restored.written;
    let former = restored.former.map(|former| format!("; the former store is {}", former.display()));
    let former = former.unwrap_or_default();
    writeln!(io::stdout(), "{}: {records} records, {bytes} bytes{former}", folder.display())?;
    Ok(())
}
