//! `tidegate snapshot`: a copy of a broker's store, made while the broker runs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use tidegate_persistence::{Written, partial_path, partial_store_path};
use tokio::task;

use super::exit::{self, Failure};
use super::run::{self, interrupted};
use super::store::{self, DataArguments};

/// What `snapshot` is called with.
#[derive(Debug, Args)]
#[command(after_help = exit::CODES)]
pub struct Arguments {
    /// The file to write; nothing may be there
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataArguments,
}

/// Writes the file, and says what it holds.
///
/// # Errors
/// When the store cannot be read or the file cannot be written; nothing is left of it then.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { file, data } = arguments;
    run::run(until_interrupted(file, data.folder()), false)
}

async fn until_interrupted(file: PathBuf, folder: PathBuf) -> Result<(), Failure> {
    let interrupted = interrupted()?;
    let place = file.clone();
    let mut copy = task::spawn_blocking(move || copy(&place, &folder));
    let copied = tokio::select! {
        copied = &mut copy => copied,
        () = interrupted => {
            let store_removed = fs::remove_dir_all(partial_store_path(&file));
            if fs::remove_file(partial_path(&file)).is_ok() || store_removed.is_ok() || !file.exists() {
                return Err(Failure::Runtime("error: interrupted".to_owned()));
            }
            // Nothing but the last sync was left to do.
            copy.await
        }
    };
    let written = copied.map_err(io::Error::other)??;
    let Written { records, bytes } = written;
    writeln!(io::stdout(), "{}: {records} records, {bytes} bytes", file.display())?;
    Ok(())
}

fn copy(file: &Path, folder: &Path) -> Result<Written, Failure> {
    Ok(store::beside(folder)?.copy_to(file)?)
}
