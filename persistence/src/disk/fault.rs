//! Errors of the engine, grouped by what the writer does about them.

use std::io::{Error as IoError, ErrorKind};
use std::path::Path;

use heed::MdbError;
use tidegate_limits::OutOfMemory;

use crate::error::{Corrupt, LoadError, ReadError, Reason};

/// The reason why a transaction failed, with the reaction of the writer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The map is full: grow it.
    #[error("the map is full")]
    MapFull,
    /// The process that owns the store has made the file larger than the map of this process: resize the map.
    #[error("the file is larger than the map")]
    MapOutgrown,
    /// No space on the file system: retry later.
    #[error("no space: {0}")]
    NoSpace(String),
    /// The size limit is reached: retry later.
    #[error("the size limit of {0} bytes is reached")]
    SizeLimit(usize),
    /// Not enough memory: retry later.
    #[error("not enough memory")]
    NoMemory,
    /// Any other error of the operating system: the store fails.
    #[error(transparent)]
    Io(IoError),
    /// A sync failed, so the content of the disk is unknown: the store fails.
    #[error("a sync failed: {0}")]
    Sync(String),
    /// The file that is written is no longer at its path: the store fails.
    #[error("{0}")]
    Displaced(String),
    /// Any other error of LMDB: the store fails.
    #[error("{0}")]
    Engine(String),
    /// A record is not valid: the store fails.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl Fault {
    /// Whether space or memory is missing, so that a retry can succeed later.
    pub(super) fn is_out_of_space(&self) -> bool {
        matches!(self, Self::MapFull | Self::NoSpace(_) | Self::SizeLimit(_) | Self::NoMemory)
    }

    /// Converts the error to the failure of a sync, which is never retried.
    pub(super) fn into_sync_failure(self) -> Self {
        Self::Sync(self.to_string())
    }

    /// Converts an error after which the store cannot continue to a failure that is not retried.
    pub(super) fn into_engine_failure(self) -> Self {
        if self.is_out_of_space() { Self::Engine(self.to_string()) } else { self }
    }

    /// Converts an `EIO` to [`Self::NoSpace`] if the file system has little space left. LMDB reports `EIO` if a full
    /// file system has written only a part of the data.
    pub(super) fn detect_full_disk(self, folder: &Path) -> Self {
        match self {
            Self::Io(error) if error.raw_os_error() == Some(EIO) && free_bytes(folder) < FREE_BYTES_MIN => {
                Self::NoSpace(error.to_string())
            }
            other => other,
        }
    }
}

impl From<heed::Error> for Fault {
    fn from(error: heed::Error) -> Self {
        match error {
            heed::Error::Mdb(MdbError::MapFull) => Self::MapFull,
            heed::Error::Mdb(MdbError::MapResized) => Self::MapOutgrown,
            heed::Error::Io(error) => error.into(),
            other => Self::Engine(other.to_string()),
        }
    }
}

impl From<IoError> for Fault {
    fn from(error: IoError) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::NoSpace(error.to_string())
            }
            ErrorKind::OutOfMemory => Self::NoMemory,
            _ => Self::Io(error),
        }
    }
}

impl From<OutOfMemory> for Fault {
    fn from(_: OutOfMemory) -> Self {
        Self::NoMemory
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::MapFull | Fault::MapOutgrown => Self::Engine(fault.to_string()),
            Fault::NoSpace(text) => Self::NoSpace(text),
            Fault::SizeLimit(limit) => Self::SizeLimit(limit),
            Fault::NoMemory => Self::NoMemory,
            Fault::Io(error) => Self::Io(error.to_string()),
            Fault::Sync(text) => Self::Sync(text),
            Fault::Displaced(text) => Self::Displaced(text),
            Fault::Engine(text) => Self::Engine(text),
            Fault::Corrupt(corrupt) => Self::Corrupt(corrupt),
        }
    }
}

impl From<Fault> for LoadError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Corrupt(corrupt) => Self::Corrupt(corrupt),
            fault => Self::Engine(Reason::from(fault)),
        }
    }
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Corrupt(corrupt) => Self::Corrupt(corrupt),
            fault => Self::Engine(Reason::from(fault)),
        }
    }
}

/// Returns the number of free bytes on the file system; the maximum if the number is unknown.
fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |stat| stat.f_bavail.saturating_mul(stat.f_frsize))
}

const EIO: i32 = 5;
/// If the file system has fewer free bytes than this, an `EIO` counts as a full disk, and the store tries again later.
/// Otherwise it counts as a broken disk, and the store fails.
const FREE_BYTES_MIN: u64 = 16 << 20;
