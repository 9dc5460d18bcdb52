//! `tidegate store`: what a store has, and whether it is in order. Where stores are is said here for all commands on them.

mod check;
mod stats;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tidegate_persistence::{OpenError, ReadError, ReadOnly};

use super::exit::{self, Failure};
use crate::serve;

/// What `store` is called with.
#[derive(Debug, Args)]
#[command(after_help = exit::CODES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read everything and hold it against itself
    ///
    /// Prints what is wrong, a line each, and fails when anything is. The broker may run meanwhile.
    Check(check::Arguments),
    /// Count what is there
    ///
    /// The broker may run meanwhile.
    Stats(stats::Arguments),
}

/// The store of a broker.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// The folder that the broker was given with --data
    #[arg(long, short, value_name = "DIR", default_value = "tidegate-data")]
    data: PathBuf,
}

/// The store of a broker, or a snapshot.
#[derive(Debug, Args)]
pub struct SourceArguments {
    #[command(flatten)]
    data: DataArguments,
    /// A snapshot, instead of the store of a broker
    #[arg(long, short, value_name = "SNAPSHOT", conflicts_with = "data")]
    file: Option<PathBuf>,
}

impl DataArguments {
    /// The folder of the store.
    pub fn folder(&self) -> PathBuf {
        serve::store_folder(&self.data)
    }
}

impl SourceArguments {
    /// What is read, for messages.
    fn name(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| self.data.folder())
    }

    /// Reads what there is. What a killed broker left in the log is taken to its tables first, as the next start would.
    fn read<T>(&self, read: impl Fn(&mut ReadOnly) -> Result<T, ReadError>) -> Result<T, Failure> {
        let mut source = self.open()?;
        match read(&mut source) {
            Err(ReadError::LogNotEmptied(folder)) => {
                drop(source);
                match tidegate_persistence::checkpoint_store(&folder) {
                    Err(OpenError::InUse(_)) => Err(ReadError::LogNotEmptied(folder).into()),
                    Err(error) => Err(ReadError::from(error).into()),
                    Ok(()) => Ok(read(&mut self.open()?)?),
                }
            }
            done => Ok(done?),
        }
    }

    fn open(&self) -> Result<ReadOnly, Failure> {
        match &self.file {
            Some(file) => Ok(ReadOnly::snapshot(file)?),
            None => beside(&self.data.folder()),
        }
    }
}

/// Opens the store of a broker, which may run.
pub fn beside(folder: &Path) -> Result<ReadOnly, Failure> {
    ReadOnly::open(folder).map_err(|error| match error {
        ReadError::Missing(_) => Failure::Runtime(format!(
            "error: {error}: wrong --data, or `persistence.durability` of the broker is `memory`"
        )),
        error => error.into(),
    })
}

/// Runs one of its commands.
///
/// # Errors
/// When the store cannot be read, or is not in order.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Stats(arguments) => stats::run(arguments),
    }
}
