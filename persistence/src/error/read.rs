//! Errors of reading a snapshot, or a store that another process may have open.

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
    /// The folder is read-only for this process, and a broker has the store open.
    #[error(
        "{0} is in use by a broker, and its file system is mounted read-only here, so that this command cannot protect the pages that it reads: run it where the folder can be written, or stop the broker"
    )]
    CannotRegister(PathBuf),
    /// A snapshot has changed since it was written, or is incomplete.
    #[error("{path} is damaged: {fault}; use another snapshot")]
    DamagedSnapshot {
        /// The file.
        path: PathBuf,
        /// A description of the damage.
        fault: String,
    },
    /// The last commits are in the log, and no broker is applying it to the tables.
    #[error(
        "the log of {0} is not being emptied, probably because its broker has no disk space left: free some space and try again"
    )]
    LogNotEmptied(PathBuf),
    /// The broker that has the store open restarted during the read, so the result may mix two states.
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

impl ReadError {
    /// Converts an error to the error of reading a snapshot, whose text gives different advice.
    pub(crate) fn of_snapshot(self) -> Self {
        let (path, fault) = match self {
            Self::Open(OpenError::Truncated { path, found, needed }) => {
                (path, format!("{found} bytes found, at least {needed} needed"))
            }
            Self::Open(OpenError::Empty(path)) => (path, "it is empty".to_owned()),
            Self::Open(OpenError::Damaged { path, damage }) => (path, damage.to_string()),
            error => return error,
        };
        Self::DamagedSnapshot { path, fault }
    }
}
