//! The lock on a folder. Dropping the lock unlocks the file explicitly, because closing the file is not enough: while
//! another thread starts a process, the new process briefly has a copy of every open file, which would keep the file
//! locked.

use std::fs::{File, TryLockError};
use std::io;

/// A locked file.
pub(super) struct Lock(File);

impl Lock {
    /// Locks the file exclusively, for the owner of the store.
    pub(super) fn exclusive(file: File) -> Result<Self, TryLockError> {
        file.try_lock().map(|()| Self(file))
    }

    /// Locks the file for a reader. Several readers can share the lock.
    pub(super) fn shared(file: File) -> Result<Self, TryLockError> {
        file.try_lock_shared().map(|()| Self(file))
    }

    /// Returns another descriptor of the locked file. The file is unlocked when this lock is dropped, even if the
    /// descriptor is still open.
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
