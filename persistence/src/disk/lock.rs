//! The lock on a folder. Dropping it unlocks explicitly: while another thread starts a process, that process
//! briefly has a copy of every open file, and closing the file alone would leave it locked.

use std::fs::{File, TryLockError};
use std::io;

/// A locked file.
pub(super) struct Lock(File);

impl Lock {
    /// Takes the lock that one owner holds alone.
    pub(super) fn exclusive(file: File) -> Result<Self, TryLockError> {
        file.try_lock().map(|()| Self(file))
    }

    /// Takes the lock that several readers can share.
    pub(super) fn shared(file: File) -> Result<Self, TryLockError> {
        file.try_lock_shared().map(|()| Self(file))
    }

    /// Another descriptor of the locked file. It holds the lock only as long as this lock lives.
    pub(super) fn try_clone_file(&self) -> io::Result<File> {
        self.0.try_clone()
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of a store cannot be released: the store stays locked until this process ends");
        }
    }
}
