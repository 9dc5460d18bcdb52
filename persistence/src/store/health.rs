//! The condition of the store: its health, its counts and sizes, and the findings of a check.

use crate::error::Reason;

/// Whether the store works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// The store works.
    #[default]
    Working,
    /// There is no space left, except perhaps in the reserve: append nothing that adds records. Operations
    /// already appended are committed as far as they fit; the others are retried. Nothing is lost.
    Full(Reason),
    /// Nothing is committed any more. Everything that was reported as committed is on disk.
    Failed(Reason),
}

/// Counts since the store was opened, and current sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits.
    pub commits: u64,
    /// Operations committed.
    pub operations: u64,
    /// Operations not committed yet, in the open batch or waiting for space.
    pub waiting: u64,
    /// Those of the waiting operations that did not fit and are being retried.
    pub retrying: u64,
    /// Bytes of the waiting operations.
    pub waiting_bytes: u64,
    /// Message bodies that entries refer to.
    pub bodies: u64,
    /// Bytes of the file, both in use and free for reuse.
    pub file_bytes: u64,
    /// Bytes of the memory map.
    pub map_bytes: u64,
    /// Bodies without entries that were deleted when the store was opened.
    pub orphans: u64,
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Records read.
    pub records: u64,
    /// The faults, one sentence each, at most a thousand.
    pub faults: Vec<String>,
}

impl Findings {
    /// Whether no faults were found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// The first fault.
    pub(crate) fn first(&self) -> &str {
        self.faults.first().map_or("none", String::as_str)
    }

    pub(crate) fn add(&mut self, fault: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(fault);
        }
    }
}

const FAULTS_MAX: usize = 1000;
