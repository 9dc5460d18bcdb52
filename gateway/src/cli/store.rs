//! `tidegate store`: reads a store or a snapshot and reports on it. Also finds and opens the store for all
//! commands that use one.

mod check;
mod stats;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use parking_lot::Mutex;
use tidegate_persistence::{OpenError, ReadError, ReadOnly};

use super::exit::{self, Failure};
use crate::serve;

/// The arguments of `store`.
#[derive(Debug, Args)]
#[command(after_help = exit::EXIT_CODES_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check the store for damage and consistency
    ///
    /// Prints one line per fault, and exits with code 1 if there are faults. The broker may be running.
    Check(check::Arguments),
    /// Count records and bytes
    ///
    /// The broker may be running.
    Stats(stats::Arguments),
}

/// Selects the store of a broker.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// The folder that the broker uses (its --data option)
    #[arg(long, short, value_name = "DIR", default_value = "tidegate-data")]
    data: PathBuf,
}

/// Selects the store of a broker, or a snapshot.
#[derive(Debug, Args)]
pub struct SourceArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Read this snapshot instead of the store of a broker
    #[arg(long, short, value_name = "SNAPSHOT", conflicts_with = "data")]
    file: Option<PathBuf>,
}

impl DataArguments {
    /// Returns the folder of the store.
    pub fn folder(&self) -> PathBuf {
        serve::store_folder(&self.data)
    }
}

impl SourceArguments {
    /// Returns the path of the store or snapshot, for messages.
    fn name(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| self.data.folder())
    }

    /// Whether a snapshot was selected.
    fn is_snapshot(&self) -> bool {
        self.file.is_some()
    }

    /// Opens the store or snapshot and calls `read`. If a killed broker left a log, it is applied to the tables
    /// first, as the next start of the broker would do.
    fn read<T>(&self, read: impl Fn(&Mutex<ReadOnly>) -> Result<T, ReadError>) -> Result<T, Failure> {
        let source = self.open()?;
        match read(&source) {
            Err(ReadError::LogNotEmptied(folder)) => {
                drop(source);
                match tidegate_persistence::checkpoint_store(&folder) {
                    Err(OpenError::InUse(_)) => Err(ReadError::LogNotEmptied(folder).into()),
                    Err(error) => Err(ReadError::from(error).into()),
                    Ok(()) => Ok(read(&self.open()?)?),
                }
            }
            done => Ok(done?),
        }
    }

    fn open(&self) -> Result<Mutex<ReadOnly>, Failure> {
        match &self.file {
            Some(file) => Ok(Mutex::new(ReadOnly::open_snapshot(file)?)),
            None => open(&self.data.folder()),
        }
    }
}

/// Opens the store of a broker, which may be running.
pub fn open(folder: &Path) -> Result<Mutex<ReadOnly>, Failure> {
    ReadOnly::open(folder).map(Mutex::new).map_err(|error| match error {
        ReadError::Missing(_) => Failure::Runtime(format!(
            "error: {error}: check --data, and whether `persistence.durability` of the broker is `memory`, which keeps no store"
        )),
        error => error.into(),
    })
}

/// A note about a snapshot that an earlier version wrote, and about the data file of a store: neither has a checksum.
pub const WITHOUT_CHECKSUM: &str =
    "it has no checksum, as snapshots of earlier versions, so changed bytes within a value are not found";

/// Runs a subcommand of `store`.
///
/// # Errors
/// When the store cannot be read, or the check finds faults.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
    }
}
