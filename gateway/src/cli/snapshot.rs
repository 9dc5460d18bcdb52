//! `tidegate snapshot`: copies the store of a broker to a file. The broker may be running.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use tidegate_persistence::{Maintenance, Written, partial_path, partial_store_path};
use tokio::task;

use super::exit::{self, Failure};
use super::run::{self, interrupted};
use super::store::{self, DataArguments};

/// The arguments of `snapshot`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    /// Snapshot file to write, which must not exist; it is written atomically
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataArguments,
}

/// Writes the snapshot and prints its number of records and its size.
///
/// # Errors
/// When the store cannot be read or the file cannot be written. An incomplete file is removed.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { file, data } = arguments;
    run::run(copy_until_interrupted(file, data.folder()), false)
}

async fn copy_until_interrupted(file: PathBuf, folder: PathBuf) -> Result<(), Failure> {
    let interrupted = interrupted()?;
    let place = file.clone();
    let mut copy = task::spawn_blocking(move || copy(&place, &folder));
    let copied = tokio::select! {
        copied = &mut copy => copied,
        () = interrupted => {
            let store_removed = fs::remove_dir_all(partial_store_path(&file));
            if fs::remove_file(partial_path(&file)).is_ok() || store_removed.is_ok() || !file.exists() {
                return Err(Failure::Runtime(INTERRUPTED.to_owned()));
            }
            // The file is already in place; only the last sync remains.
            copy.await
        }
    };
    let written = copied.map_err(io::Error::other)??;
    let Written { records, bytes } = written;
    writeln!(io::stdout(), "{}: {records} records, {bytes} bytes", file.display())?;
    Ok(())
}

fn copy(file: &Path, folder: &Path) -> Result<Written, Failure> {
    Ok(store::open(folder)?.snapshot(file)?)
}

const INTERRUPTED: &str = "error: interrupted, so the incomplete snapshot was removed: run the command again";
