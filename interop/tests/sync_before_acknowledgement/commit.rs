//! The commits of the store in its system calls: pages written, synced_line, and then the meta page that makes them count.

use std::collections::HashSet;

use tidegate_interop::strace::SystemCall;

/// One commit that is on the disk.
pub struct Commit {
    /// When the first page began to be written.
    pub start_line: usize,
    /// When the meta page was on the disk.
    pub end_line: usize,
    pages: Vec<u8>,
}

impl Commit {
    /// Whether its pages have these bytes.
    pub fn contains(&self, expected: &[u8]) -> bool {
        self.pages.windows(expected.len()).any(|bytes| bytes == expected)
    }
}

/// What is written and not committed.
#[derive(Default)]
struct PendingCommit {
    start_line: Option<usize>,
    pages: Vec<u8>,
    /// All of it is on the disk since.
    synced_line: Option<usize>,
}

/// The commits, in their order. LMDB writes pages by one descriptor and syncs them; the meta page it writes by another one
/// that is open with `O_DSYNC`, so that the write is the sync.
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
