//! The condition of the store: its health, its counts and sizes, and the findings of a check.

use crate::error::Reason;

/// Whether the store works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// The store works.
    #[default]
    Working,
    /// There is no space left, except perhaps in the reserve: the caller should append nothing that adds records.
    /// Operations that were already appended are committed if there is space for them, and retried otherwise. No
    /// operation is lost.
    Full(Reason),
    /// Nothing is committed any more. Everything that was reported as committed is on disk, unless a sync failed with
    /// `interval` durability.
    Failed(Reason),
}

/// Counts since the store was opened, and current sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Number of commits.
    pub commits: u64,
    /// Number of committed operations.
    pub operations: u64,
    /// Number of operations that are not committed yet, in the open batch or waiting for space.
    pub waiting: u64,
    /// Number of waiting operations that are retried, because there was no space for them.
    pub retrying: u64,
    /// Size of the waiting operations in bytes.
    pub waiting_bytes: u64,
    /// Number of message bodies that entries refer to.
    pub bodies: u64,
    /// Size of the file up to its last used page, in bytes, including free pages.
    pub file_bytes: u64,
    /// Size of the memory map in bytes.
    pub map_bytes: u64,
    /// Number of bodies without entries that were deleted when the store was opened.
    pub orphans: u64,
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Number of records that were read.
    pub records: u64,
    /// The faults that were found, one sentence each, at most a thousand.
    pub faults: Vec<String>,
}

impl Findings {
    /// Whether no faults were found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Returns the first fault.
    pub(crate) fn first(&self) -> &str {
        self.faults.first().map_or("none", String::as_str)
    }

    pub(crate) fn add(&mut self, fault: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}

/// Maximum number of faults that a report lists. One damaged page can cause millions, and a store with this many must
/// be restored anyway.
const FAULTS_MAX: usize = 1000;
