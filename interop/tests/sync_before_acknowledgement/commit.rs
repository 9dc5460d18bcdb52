//! Finds the store's commits in the broker's system calls: for a commit, the store writes data pages, syncs them, and
//! then writes the meta page that makes the data pages valid.

use std::collections::HashSet;

use tidegate_interop::strace::SystemCall;

/// A commit of the store that is synced to disk.
pub struct Commit {
    /// The trace line where the write of the first page started.
    pub start_line: usize,
    /// The trace line where the write and sync of the meta page completed.
    pub end_line: usize,
    pages: Vec<u8>,
}

impl Commit {
    /// Returns whether the data pages of this commit contain these bytes.
    pub fn contains(&self, expected: &[u8]) -> bool {
        self.pages.windows(expected.len()).any(|bytes| bytes == expected)
    }
}

/// Data pages that are written, but not committed yet.
#[derive(Default)]
struct PendingCommit {
    start_line: Option<usize>,
    pages: Vec<u8>,
    /// The trace line where a sync of all these pages completed, if they are synced.
    synced_line: Option<usize>,
}

/// Returns the commits in order. LMDB writes data pages through one file descriptor and syncs them. LMDB writes the
/// meta page through another file descriptor, which is opened with `O_DSYNC`, so that the write of the meta page also
/// syncs it.
pub fn commits(calls: &[SystemCall]) -> Vec<Commit> {
    let (mut commits, mut pending) = (Vec::new(), PendingCommit::default());
    let mut sync_descriptors = HashSet::new();
    for call in calls {
        if call.name == "openat" {
            let opens_for_sync = call.has_flag("O_DSYNC") && call.returned_target().ends_with(DATA_FILE);
            if opens_for_sync {
                sync_descriptors.insert(call.result)
            } else {
                sync_descriptors.remove(&call.result)
            };
        } else if call.result >= 0 && call.target().ends_with(DATA_FILE) {
            let is_meta = call.descriptor().is_some_and(|descriptor| sync_descriptors.contains(&descriptor));
            commits.extend(pending.add(call, is_meta));
        }
    }
    commits
}

impl PendingCommit {
    fn add(&mut self, call: &SystemCall, is_meta: bool) -> Option<Commit> {
        match &*call.name {
            "fsync" | "fdatasync" => self.synced_line = Some(call.end_line),
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" if is_meta => return self.finish(call),
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" => {
                self.start_line = self.start_line.or(Some(call.start_line));
                self.pages.extend(call.bytes());
                self.synced_line = None;
            }
            _ => {}
        }
        None
    }

    fn finish(&mut self, meta: &SystemCall) -> Option<Commit> {
        let Self { start_line, pages, synced_line } = std::mem::take(self);
        let is_in_order = synced_line.is_some_and(|synced_line| synced_line < meta.start_line);
        is_in_order.then_some(Commit { start_line: start_line?, end_line: meta.end_line, pages })
    }
}

const DATA_FILE: &str = "/store/data.mdb";
