//! The role of an operator: copies, checks and counts what is stored.

use std::path::Path;

use super::{Findings, Stats};
use crate::error::{CheckError, SnapshotError};

/// Copies, checks and counts what is stored, while the store keeps working.
pub trait Maintenance: Send + Sync {
    /// Writes a consistent copy to a new file while the store keeps working. To use the copy, put it into an
    /// empty folder as `data.mdb`.
    ///
    /// # Errors
    /// When the file exists or cannot be written. The incomplete copy is removed.
    fn snapshot(&self, file: &Path) -> Result<(), SnapshotError>;

    /// Returns counts and sizes.
    fn stats(&self) -> Stats;

    /// Checks that all records are valid and consistent with each other.
    ///
    /// # Errors
    /// When the store cannot be read. Invalid or inconsistent records are not errors; they are listed in the
    /// findings.
    fn check(&self) -> Result<Findings, CheckError>;
}
