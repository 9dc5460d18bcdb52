//! A temporary folder that only this user can read.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{env, process};

use crate::access;
use crate::disk::open;
use crate::error::OpenError;

/// A folder that is removed with its contents when this value is dropped.
pub(super) struct PrivateFolder(PathBuf);

impl PrivateFolder {
    /// Creates a folder in the directory for temporary files.
    pub(super) fn create() -> Result<Self, OpenError> {
        let mut number = 0;
        loop {
            let path = env::temp_dir().join(format!("tidegate-{}-{number}", process::id()));
            match access::create_new_private_folder(&path) {
                Ok(()) => return Ok(Self(path)),
                // A folder with this name was left by a killed process that had the same process id.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && number < NUMBER_MAX => number += 1,
                Err(error) => return Err(open::io_error(&path)(error)),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

/// Maximum number of leftover folders that are skipped when a name is chosen. Each folder was left by a killed process.
/// With more of them, the command fails, so that the operator looks for the cause.
const NUMBER_MAX: u32 = 100;

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "a temporary copy of a store cannot be removed: delete it");
        }
    }
}
