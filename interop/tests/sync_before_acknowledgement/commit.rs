//! The commits of the store in its system calls: pages written, synced, and then the meta page that makes them count.

use std::collections::HashSet;

use tidegate_interop::strace::Call;

/// One commit that is on the disk.
pub struct Commit {
    /// When the first page began to be written.
    pub begin: usize,
    /// When the meta page was on the disk.
    pub end: usize,
    pages: Vec<u8>,
}

impl Commit {
    /// Whether its pages have these bytes.
    pub fn has(&self, word: &[u8]) -> bool {
        self.pages.windows(word.len()).any(|bytes| bytes == word)
    }
}

/// What is written and not committed.
#[derive(Default)]
struct Open {
    begin: Option<usize>,
    pages: Vec<u8>,
    /// All of it is on the disk since.
    synced: Option<usize>,
}

/// The commits, in their order. LMDB writes pages by one descriptor and syncs them; the meta page it writes by another one
/// that is open with `O_DSYNC`, so that the write is the sync.
pub fn commits(calls: &[Call]) -> Vec<Commit> {
    let (mut commits, mut open) = (Vec::new(), Open::default());
    let mut syncing = HashSet::new();
    for call in calls {
        if call.name == "openat" {
            let is_syncing = call.has_flag("O_DSYNC") && call.returned_target().ends_with(DATA);
            if is_syncing {
                syncing.insert(call.result)
            } else {
                syncing.remove(&call.result)
            };
        } else if call.result >= 0 && call.target().ends_with(DATA) {
            let is_meta = call.descriptor().is_some_and(|descriptor| syncing.contains(&descriptor));
            commits.extend(open.add(call, is_meta));
        }
    }
    commits
}

impl Open {
    fn add(&mut self, call: &Call, is_meta: bool) -> Option<Commit> {
        match &*call.name {
            "fsync" | "fdatasync" => self.synced = Some(call.end),
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" if is_meta => return self.finish(call),
            "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" => {
                self.begin = self.begin.or(Some(call.begin));
                self.pages.extend(call.bytes());
                self.synced = None;
            }
            _ => {}
        }
        None
    }

    fn finish(&mut self, meta: &Call) -> Option<Commit> {
        let Self { begin, pages, synced } = std::mem::take(self);
        let is_in_order = synced.is_some_and(|synced| synced < meta.begin);
        is_in_order.then_some(Commit { begin: begin?, end: meta.end, pages })
    }
}

const DATA: &str = "/store/data.mdb";
