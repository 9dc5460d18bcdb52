//! How the store is: whether it works, what it holds, what a check found.

use crate::error::Reason;

/// Whether the store works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It does.
    #[default]
    Working,
    /// There is no room, or no more than a reserve: add nothing. What was appended already is committed as far as there is
    /// room for it, and tried again where there is none; nothing is lost.
    Full(Reason),
    /// It commits nothing any more. What was committed is on disk.
    Failed(Reason),
}

/// Counts since the start, and sizes now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Commits.
    pub commits: u64,
    /// Operations committed.
    pub operations: u64,
    /// Operations that wait, in the open batch or for room.
    pub waiting: u64,
    /// Those of them that found no room, and are tried again.
    pub retrying: u64,
    /// Bytes that wait.
    pub waiting_bytes: u64,
    /// Bodies that entries hold.
    pub bodies: u64,
    /// Bytes of the file in use or free for use again.
    pub file_bytes: u64,
    /// Bytes of the memory map.
    pub map_bytes: u64,
    /// Bodies without entries that were deleted at the start.
    pub orphans: u64,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Records read.
    pub records: u64,
    /// What is wrong, a sentence each, at most a thousand.
    pub faults: Vec<String>,
}

impl Findings {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// The first of what is wrong.
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
