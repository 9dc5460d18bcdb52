//! Why a snapshot was not restored.

use std::io;
use std::path::PathBuf;

use super::{OpenError, ReadError};
use crate::store::Findings;

/// Why a snapshot was not restored. The store is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] ReadError),
    /// The snapshot contradicts itself.
    #[error("{0} is not in order: {count} faults, the first: {first}", count = .1.faults.len(), first = .1.first())]
    Inconsistent(PathBuf, Findings),
    /// There is a store, which was not to be replaced.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// The folder belongs to another process, or cannot be used.
    #[error(transparent)]
    Folder(#[from] OpenError),
    /// A file cannot be written or moved.
    #[error("cannot write {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
