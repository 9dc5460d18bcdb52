//! Why a store could not be read beside its owner.

use std::path::PathBuf;

use super::{Corrupt, OpenError, Reason, SnapshotError};

/// Why a store or a snapshot could not be read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is none.
    #[error("there is no store at {0}")]
    Missing(PathBuf),
    /// The file cannot be opened, or is not one of ours.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The machine went down or a sync failed, and the owner has not started since.
    #[error("{0} was not closed and has to go back to its last sync: the next start of the broker does that")]
    NeedsRecovery(PathBuf),
    /// What was committed last is in the log, and nobody takes it from there.
    #[error("{0} has a log that nobody empties: its broker was killed, or has no room")]
    LogNotEmptied(PathBuf),
    /// What was read may be of two states.
    #[error("the owner of {0} was started anew meanwhile, so that what was read is void: try again")]
    Restarted(PathBuf),
    /// A record that is needed is not valid.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The engine could not read.
    #[error(transparent)]
    Engine(Reason),
    /// The copy could not be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}
