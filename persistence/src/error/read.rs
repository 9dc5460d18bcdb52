//! Errors of reading a store or a snapshot without owning it.

use std::path::PathBuf;

use super::{Corrupt, OpenError, Reason, SnapshotError};

/// The reason why a store or a snapshot could not be read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is no store in the folder.
    #[error("there is no store at {0}")]
    Missing(PathBuf),
    /// The file cannot be opened, or is not a store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store needs recovery (the machine crashed or a sync failed), and its broker has not been started
    /// since.
    #[error(
        "{0} was not closed properly and must be rolled back to its last sync: start the broker once, which does that"
    )]
    NeedsRecovery(PathBuf),
    /// The last commits are in the log, and no broker is applying it to the tables.
    #[error(
        "the log of {0} is not being emptied, probably because its broker has no disk space left: free some space and try again"
    )]
    LogNotEmptied(PathBuf),
    /// The owner restarted during the read, so the result may mix two states.
    #[error(
        "the broker of {0} was restarted during the read, so the result was discarded: run the command again"
    )]
    Restarted(PathBuf),
    /// A record that is needed is not valid.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// LMDB could not read the file.
    #[error(transparent)]
    Engine(Reason),
    /// The copy could not be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}
