//! What can go wrong, one enum an operation.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

mod read;
mod restore;

pub use read::ReadError;
pub use restore::RestoreError;

/// Why the engine could not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The file would grow above `size_max`.
    #[error("the store's size limit of {0} bytes is reached")]
    SizeLimit(usize),
    /// The file system has no room.
    #[error("no room on the file system: {0}")]
    NoSpace(String),
    /// Reading or writing failed, or LMDB's own sync.
    #[error("input or output failed: {0}")]
    Io(String),
    /// A sync of what was committed failed.
    #[error("a sync failed: {0}")]
    Sync(String),
    /// The engine found its file broken.
    #[error("the engine gave up: {0}")]
    Engine(String),
    /// A record is broken or cannot be made.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// A record that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record {key} in {table} is not valid: {fault}")]
pub struct Corrupt {
    /// The database.
    pub table: &'static str,
    /// The key in hexadecimal digits, the first 64 bytes.
    pub key: Arc<str>,
    /// What is wrong.
    pub fault: &'static str,
}

/// Why a store did not open. The file is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder, or a file in it, cannot be made, read or written.
    #[error("cannot use {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has it.
    #[error("{0} belongs to another running process")]
    InUse(PathBuf),
    /// There is a file, but not one of ours.
    #[error("{0} is no store: {1}")]
    NotAStore(PathBuf, &'static str),
    /// The file has lost its end.
    #[error("{path} is cut off: {found} bytes, of which {needed} are needed")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// What it should have at least.
        needed: u64,
    },
    /// A later version wrote it.
    #[error("the store has schema {found}; this version reads up to {known}")]
    NewerSchema {
        /// Its schema.
        found: u32,
        /// The latest one known here.
        known: u32,
    },
    /// A record that is needed at once is not valid.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The configuration makes no sense.
    #[error("{0}")]
    Config(&'static str),
    /// The engine gave another reason.
    #[error(transparent)]
    Engine(Reason),
}

/// Why loading ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A record is not valid.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The engine could not read.
    #[error(transparent)]
    Engine(#[from] Reason),
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file is there, or cannot be made or written.
    #[error("cannot write {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The engine could not read.
    #[error(transparent)]
    Engine(#[from] Reason),
    /// A store in memory keeps nothing to copy.
    #[error("a store in memory has nothing to copy")]
    NothingStored,
}

/// Why a check could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The engine could not read.
    #[error(transparent)]
    Engine(#[from] Reason),
}

impl Corrupt {
    pub(crate) fn new(table: &'static str, key: &[u8], fault: &'static str) -> Self {
        let digits: String = key.iter().take(64).map(|byte| format!("{byte:02x}")).collect();
        Self { table, key: Arc::from(digits), fault }
    }
}
