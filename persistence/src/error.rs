//! Errors, one enum per operation.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::access::AccessError;
pub use crate::disk::{Damage, Flaw};

mod read;
mod restore;

pub use read::ReadError;
pub use restore::RestoreError;

/// The reason why an operation of the engine failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The file would grow above `size_max`.
    #[error(
        "the store has reached its size limit of {0} bytes: raise `persistence.size_max`, or let clients fetch their queued messages"
    )]
    SizeLimit(usize),
    /// The file system has no space left.
    #[error("no space on the file system: {0}; free some space")]
    NoSpace(String),
    /// There is not enough memory to load or write messages, or to grow the memory map.
    #[error(
        "not enough memory for the store: raise the memory limit of the process, or lower `session.packet_size_max`"
    )]
    NoMemory,
    /// A read, a write, or a sync by LMDB failed.
    #[error("input or output failed: {0}; check the disk, then restart the broker")]
    Io(String),
    /// A sync of committed data failed.
    #[error("a sync failed: {0}; check the disk, then restart the broker")]
    Sync(String),
    /// A file of the store was removed, renamed or replaced while the store was open. Further commits would be lost at
    /// the next start.
    #[error(
        "{0} while the broker was using it, so nothing more can be stored: put the data folder back or restore a snapshot, then start the broker again"
    )]
    Displaced(String),
    /// LMDB reported an error, for example a corrupt page.
    #[error("LMDB reported an error: {0}; restart the broker, and if that fails, restore a snapshot")]
    Engine(String),
    /// A record is not valid, or cannot be written in its format.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl Reason {
    /// Whether only space or memory is missing. Everything that was reported as committed is then on disk.
    #[must_use]
    pub fn is_out_of_space(&self) -> bool {
        matches!(self, Self::SizeLimit(_) | Self::NoSpace(_) | Self::NoMemory)
    }
}

/// A record that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record {key} in {table} is not valid: {fault}")]
pub struct Corrupt {
    /// The database (table) of the record.
    pub table: &'static str,
    /// The first 64 bytes of the key, in hexadecimal digits.
    pub key: Arc<str>,
    /// The reason why the record is not valid.
    pub fault: &'static str,
}

/// The reason why a store was not closed cleanly. Everything that was reported as committed before is on disk, unless a
/// sync failed with `interval` durability.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CloseError {
    /// An appended operation could not be committed.
    #[error("the store could not commit its last changes: {0}")]
    NotCommitted(Reason),
    /// The writer thread panicked.
    #[error("the writer thread of the store panicked; its last changes may be lost")]
    Panicked,
}

impl CloseError {
    /// Returns the reason why the last changes could not be committed.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::NotCommitted(reason) => Some(reason),
            Self::Panicked => None,
        }
    }
}

/// The reason why a store could not be opened. The file is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder, or a file in it, cannot be created, read or written.
    #[error("cannot use {path}: {source}; check the path and its permissions")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The folder, or a file in it, belongs to another user.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Another process has the store open.
    #[error("{0} is in use by another process: stop that process, or use another folder")]
    InUse(PathBuf),
    /// The file is not a store of this program.
    #[error("{0} is not a Tidegate store: {1}; use another path, or restore a snapshot")]
    NotAStore(PathBuf, &'static str),
    /// The end of the file is missing.
    #[error("{path} is truncated: {found} bytes found, at least {needed} needed; restore a snapshot")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The length of the file, in bytes.
        found: u64,
        /// The minimum length that is needed, in bytes.
        needed: u64,
    },
    /// The file has no content.
    #[error(
        "{0} is empty, so its content is lost: restore a snapshot, or delete the file to begin with an empty store"
    )]
    Empty(PathBuf),
    /// A part of the file cannot be used safely.
    #[error("{path} is damaged: {damage}; restore a snapshot")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The kind of damage.
        damage: Damage,
    },
    /// The data file is a copied snapshot that was changed since it was written.
    #[error("{path} is a damaged snapshot: {fault}; use another snapshot")]
    DamagedSnapshot {
        /// The file.
        path: PathBuf,
        /// Which check failed.
        fault: String,
    },
    /// The owner of the store changed the header pages during each attempt to read them.
    #[error("{0} changes too fast to be read: try again when the broker is less busy")]
    Busy(PathBuf),
    /// The sync point has no valid record.
    #[error(
        "{0} is damaged, so the state of the last sync is unknown: restore a snapshot, or remove this file to use the newest state, which is incomplete if the machine crashed"
    )]
    DamagedSyncPoint(PathBuf),
    /// A newer version of the program wrote the store.
    #[error(
        "the store has schema {found}, but this version of Tidegate reads only up to schema {known}: use a newer version"
    )]
    NewerSchema {
        /// The schema of the store.
        found: u32,
        /// The newest schema that this version can read.
        known: u32,
    },
    /// A record that is needed to open the store is not valid.
    #[error("{0}; restore a snapshot")]
    Corrupt(#[from] Corrupt),
    /// The configuration is not valid.
    #[error("{0}")]
    Config(&'static str),
    /// There is not enough memory for the memory map of the file.
    #[error("there is not enough memory to map {0}: raise the memory limit of the process (`ulimit -v`)")]
    NoMemory(PathBuf),
    /// LMDB reported another error.
    #[error(transparent)]
    Engine(Reason),
}

/// The reason why loading ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A record is not valid.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// LMDB could not read the file.
    #[error(transparent)]
    Engine(#[from] Reason),
}

/// The reason why a snapshot could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The target file, or the incomplete copy next to it, already exists.
    #[error("{0} already exists and is not overwritten: choose another name, or remove it first")]
    Exists(PathBuf),
    /// The file cannot be created or written.
    #[error("cannot write {path}: {source}; use a new file name in an existing, writable folder")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The store is in memory, so there is nothing to copy.
    #[error(
        "the store keeps nothing on disk, so there is nothing to copy: set `persistence.durability` to `always` or `interval`"
    )]
    NothingStored,
}

impl Corrupt {
    pub(crate) fn new(table: &'static str, key: &[u8], fault: &'static str) -> Self {
        let digits: String = key.iter().take(64).map(|byte| format!("{byte:02x}")).collect();
        Self { table, key: Arc::from(digits), fault }
    }
}
