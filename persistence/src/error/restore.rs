//! Errors of restoring a snapshot.

use std::io;
use std::path::PathBuf;

use super::{OpenError, ReadError};
use crate::store::Findings;

/// The reason why a snapshot was not restored. The existing store is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] ReadError),
    /// The check of the snapshot found faults.
    #[error("{0} is inconsistent: {count} faults, the first: {first}; restore another snapshot", count = .1.faults.len(), first = .1.first())]
    Inconsistent(PathBuf, Findings),
    /// A store exists already, and replacing it was not requested.
    #[error("{0} already exists")]
    Exists(PathBuf),
    /// The folder is in use by another process, or cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// A file cannot be written or moved.
    #[error("cannot write {path}: {source}; check the free space and the permissions of the folder")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}
