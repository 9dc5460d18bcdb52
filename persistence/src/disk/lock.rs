//! The lock on a folder, held. It is gone when this is: at once, even while another thread is starting a process, which has a copy of
//! every open file for a moment.

use std::fs::{File, TryLockError};

/// A file that is locked.
pub(super) struct Lock(File);

impl Lock {
    /// Locks for one owner.
    pub(super) fn exclusive(file: File) -> Result<Self, TryLockError> {
        file.try_lock().map(|()| Self(file))
    }

    /// Locks together with others who only read.
    pub(super) fn shared(file: File) -> Result<Self, TryLockError> {
        file.try_lock_shared().map(|()| Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the lock of a store stays until the end of the process");
        }
    }
}
