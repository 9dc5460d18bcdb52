//! The open batch: where operations wait for the writer, folded as they come. Bounded.

use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};

use crate::change::Change;
use crate::config::Config;
use crate::operation::{Operation, total_size};
use crate::store::{Appended, AtomicScope, Commit};

/// The open batch.
pub(super) struct Batch {
    open: Mutex<Open>,
    /// Held for reading by every span, for writing while the batch is taken. Locked before `open`.
    spans: RwLock<()>,
    more: Condvar,
    settled: Condvar,
    len_max: usize,
    bytes_max: usize,
}

struct Open {
    change: Change,
    bytes: usize,
    /// The commit that will cover it.
    commit: Commit,
    /// What the writer holds that finds no room.
    held_len: usize,
    held_bytes: usize,
    /// Nothing is taken any more.
    closed: bool,
    /// How often a checkpoint was asked for, and how many of these are answered.
    asked: u64,
    answered: u64,
}

impl Open {
    fn is_asked(&self) -> bool {
        self.asked > self.answered
    }

    /// Operations that came.
    fn len(&self) -> usize {
        usize::try_from(self.change.operations).unwrap_or(usize::MAX)
    }
}

/// What the writer took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    /// The commit that covers it and all before.
    pub(super) commit: Commit,
    pub(super) bytes: usize,
    /// Nothing will follow.
    pub(super) last: bool,
    /// The last of those that ask for a checkpoint; 0 when nobody does.
    pub(super) asked: u64,
}

impl Batch {
    pub(super) fn new(config: &Config) -> Self {
        let open = Open {
            change: Change::default(),
            bytes: 0,
            commit: Commit(1),
            held_len: 0,
            held_bytes: 0,
            closed: false,
            asked: 0,
            answered: 0,
        };
        Self {
            open: Mutex::new(open),
            spans: RwLock::new(()),
            more: Condvar::new(),
            settled: Condvar::new(),
            len_max: config.batch_len_max.max(1),
            bytes_max: config.batch_bytes_max.max(1),
        }
    }

    /// See [`crate::Store::append`].
    pub(super) fn append(&self, operations: &mut Vec<Operation>) -> Appended {
        let size = total_size(operations);
        let mut open = self.open.lock();
        if open.closed {
            return Appended::Refused;
        }
        if operations.is_empty() && open.change.operations == 0 {
            // There may never be a next commit.
            return Appended::Accepted(Commit(open.commit.0 - 1));
        }
        open.change.absorb(operations);
        open.bytes += size;
        let commit = open.commit;
        let slow = self.is_over(&open);
        drop(open);
        self.more.notify_one();
        if slow { Appended::Slow(commit) } else { Appended::Accepted(commit) }
    }

    /// See [`crate::Store::span`].
    pub(super) fn atomic_scope(&self) -> AtomicScope<'_> {
        AtomicScope::over(&self.spans)
    }

    /// Waits for operations, the deadline or the end, and takes what there is into the empty `into`. `patient`: operations are
    /// no reason to come back before the deadline.
    pub(super) fn take(&self, into: &mut Change, deadline: Option<Instant>, patient: bool) -> Taken {
        let mut open = self.open.lock();
        let mut timed_out = false;
        while (patient || open.change.operations == 0 && !open.is_asked()) && !open.closed && !timed_out {
            match deadline {
                Some(deadline) => timed_out = self.more.wait_until(&mut open, deadline).timed_out(),
                None => self.more.wait(&mut open),
            }
        }
        drop(open);
        self.gather();
        let _complete = self.spans.write();
        let mut open = self.open.lock();
        core::mem::swap(&mut open.change, into);
        let asked = if open.is_asked() { open.asked } else { 0 };
        let taken = Taken { commit: open.commit, bytes: open.bytes, last: open.closed, asked };
        open.bytes = 0;
        if into.operations > 0 {
            open.commit.0 += 1;
        }
        taken
    }

    /// Says how much the writer holds that finds no room; it counts as if it were still here.
    pub(super) fn hold(&self, len: usize, bytes: usize) {
        let mut open = self.open.lock();
        open.held_len = len;
        open.held_bytes = bytes;
    }

    /// Waits until what is committed is in its tables, or the writer could not do that.
    pub(super) fn ask_for_checkpoint(&self) {
        let mut open = self.open.lock();
        open.asked += 1;
        let mine = open.asked;
        self.more.notify_one();
        while open.answered < mine && !open.closed {
            self.settled.wait(&mut open);
        }
    }

    /// Answers those who asked, up to that one.
    pub(super) fn settled(&self, asked: u64) {
        if asked > 0 {
            self.open.lock().answered = asked;
            self.settled.notify_all();
        }
    }

    /// Takes nothing any more.
    pub(super) fn close(&self) {
        self.open.lock().closed = true;
        self.more.notify_all();
        self.settled.notify_all();
    }

    /// Operations that wait, those of them that found no room, and the bytes of all.
    pub(super) fn waiting(&self) -> (usize, usize, usize) {
        let open = self.open.lock();
        (open.len() + open.held_len, open.held_len, open.bytes + open.held_bytes)
    }

    /// Lets threads go first that wait for this processor, as long as more comes by that: what they append saves a commit with all
    /// its wake-ups, and what they complete need not be written. Where a processor is free, this is over as soon as nothing comes
    /// within one look.
    fn gather(&self) {
        let begun = Instant::now();
        let mut len = self.open.lock().len();
        while begun.elapsed() < GATHER_MAX {
            thread::yield_now();
            let open = self.open.lock();
            if open.len() == len || open.closed || self.is_over(&open) {
                return;
            }
            len = open.len();
        }
    }

    fn is_over(&self, open: &Open) -> bool {
        open.len() + open.held_len >= self.len_max || open.bytes + open.held_bytes >= self.bytes_max
    }
}

/// How long a batch is gathered, but for the last yield.
const GATHER_MAX: Duration = Duration::from_millis(10);
