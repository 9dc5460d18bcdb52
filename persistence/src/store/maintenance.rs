//! The role of an operator: copies, checks and counts the stored records.

use std::path::Path;

use parking_lot::Mutex;

use super::Findings;
use crate::disk::{Contents, ReadOnly, Written};
use crate::error::ReadError;

/// Copies, checks and counts the stored records, while the store keeps working. Each call reads one consistent state,
/// which includes everything committed before the call.
///
/// An open store implements this trait, and so does a [`ReadOnly`] view, of a snapshot or of a store that another
/// process has open, in a mutex: a view needs exclusive access.
pub trait Maintenance: Send + Sync {
    /// Writes a consistent copy to a new file, readable by its owner only, and returns the size of the copy. To use it,
    /// put it into an empty folder as `data.mdb`.
    ///
    /// # Errors
    /// When the file exists or cannot be written, or the store cannot be read. The incomplete copy is removed.
    fn snapshot(&self, file: &Path) -> Result<Written, ReadError>;

    /// Checks that all records are valid and consistent with each other.
    ///
    /// # Errors
    /// When the store cannot be read. Invalid or inconsistent records are not errors; they are listed in the
    /// findings.
    fn check(&self) -> Result<Findings, ReadError>;

    /// Counts the records, also by tenant. Takes as long as reading all sessions and retained messages.
    ///
    /// # Errors
    /// When a session or a retained message is not valid, or the store cannot be read.
    fn contents(&self) -> Result<Contents, ReadError>;
}

impl Maintenance for Mutex<ReadOnly> {
    fn snapshot(&self, file: &Path) -> Result<Written, ReadError> {
        self.lock().copy_to(file)
    }

    fn check(&self) -> Result<Findings, ReadError> {
        self.lock().check()
    }

    fn contents(&self) -> Result<Contents, ReadError> {
        self.lock().contents()
    }
}
