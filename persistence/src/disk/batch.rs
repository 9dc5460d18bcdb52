//! The open batch: where operations wait for the writer, folded as they come. Bounded.

use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};

use crate::change::ChangeSet;
use crate::config::Config;
use crate::operation::{Operation, total_size};
use crate::store::{Appended, AtomicScope, Commit};

/// The open batch.
pub(super) struct Batch {
    open: Mutex<Open>,
    /// Held for reading by every span, for writing while the batch is taken. Locked before `open`.
    atomic_scopes: RwLock<()>,
    more: Condvar,
    checkpointed: Condvar,
    len_max: usize,
    bytes_max: usize,
}

struct Open {
    change: ChangeSet,
    bytes: usize,
    /// The commit that will cover it.
    commit: Commit,
    /// What the writer holds that finds no room.
    retry_len: usize,
    retry_bytes: usize,
    /// Nothing is taken any more.
    closed: bool,
    /// How often a checkpoint was asked for, and how many of these are answered.
    checkpoints_requested: u64,
    checkpoints_done: u64,
}

impl Open {
    fn is_checkpoint_requested(&self) -> bool {
        self.checkpoints_requested > self.checkpoints_done
    }

    /// Operations that came.
    fn len(&self) -> usize {
        usize::try_from(self.change.operations).unwrap_or(usize::MAX)
    }
}

/// What the writer took.
#[derive(Clone, Copy, Debug)]
pub(super) struct TakenBatch {
    /// The commit that covers it and all before.
    pub(super) commit: Commit,
    pub(super) bytes: usize,
    /// Nothing will follow.
    pub(super) last: bool,
    /// The last of those that ask for a checkpoint; 0 when nobody does.
    pub(super) checkpoint_request: u64,
}

impl Batch {
    pub(super) fn new(config: &Config) -> Self {
        let open = Open {
            change: ChangeSet::default(),
            bytes: 0,
            commit: Commit(1),
            retry_len: 0,
            retry_bytes: 0,
            closed: false,
            checkpoints_requested: 0,
            checkpoints_done: 0,
        };
        Self {
            open: Mutex::new(open),
            atomic_scopes: RwLock::new(()),
            more: Condvar::new(),
            checkpointed: Condvar::new(),
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
        open.change.fold_operations(operations);
        open.bytes += size;
        let commit = open.commit;
        let slow = self.is_at_limit(&open);
        drop(open);
        self.more.notify_one();
        if slow { Appended::Slow(commit) } else { Appended::Accepted(commit) }
    }

    /// See [`crate::Store::span`].
    pub(super) fn atomic_scope(&self) -> AtomicScope<'_> {
        AtomicScope::hold(&self.atomic_scopes)
    }

    /// Waits for operations, the deadline or the end, and takes what there is into the empty `into`. `until_deadline`: operations are
    /// no reason to come back before the deadline.
    pub(super) fn take(
        &self,
        into: &mut ChangeSet,
        deadline: Option<Instant>,
        until_deadline: bool,
    ) -> TakenBatch {
        let mut open = self.open.lock();
        let mut timed_out = false;
        while (until_deadline || open.change.operations == 0 && !open.is_checkpoint_requested())
            && !open.closed
            && !timed_out
        {
            match deadline {
                Some(deadline) => timed_out = self.more.wait_until(&mut open, deadline).timed_out(),
                None => self.more.wait(&mut open),
            }
        }
        drop(open);
        self.wait_while_growing();
        let _complete = self.atomic_scopes.write();
        let mut open = self.open.lock();
        core::mem::swap(&mut open.change, into);
        let checkpoint_request = if open.is_checkpoint_requested() { open.checkpoints_requested } else { 0 };
        let taken =
            TakenBatch { commit: open.commit, bytes: open.bytes, last: open.closed, checkpoint_request };
        open.bytes = 0;
        if into.operations > 0 {
            open.commit.0 += 1;
        }
        taken
    }

    /// Says how much the writer holds that finds no room; it counts as if it were still here.
    pub(super) fn set_retrying(&self, len: usize, bytes: usize) {
        let mut open = self.open.lock();
        open.retry_len = len;
        open.retry_bytes = bytes;
    }

    /// Waits until what is committed is in its tables, or the writer could not do that.
    pub(super) fn checkpoint_and_wait(&self) {
        let mut open = self.open.lock();
        open.checkpoints_requested += 1;
        let request = open.checkpoints_requested;
        self.more.notify_one();
        while open.checkpoints_done < request && !open.closed {
            self.checkpointed.wait(&mut open);
        }
    }

    /// Answers those who asked, up to that one.
    pub(super) fn finish_checkpoint_requests(&self, request: u64) {
        if request > 0 {
            self.open.lock().checkpoints_done = request;
            self.checkpointed.notify_all();
        }
    }

    /// Takes nothing any more.
    pub(super) fn close(&self) {
        self.open.lock().closed = true;
        self.more.notify_all();
        self.checkpointed.notify_all();
    }

    /// Operations that wait, those of them that found no room, and the bytes of all.
    pub(super) fn waiting(&self) -> (usize, usize, usize) {
        let open = self.open.lock();
        (open.len() + open.retry_len, open.retry_len, open.bytes + open.retry_bytes)
    }

    /// Lets threads go first that wait for this processor, as long as more comes by that: what they append saves a commit with all
    /// its wake-ups, and what they complete need not be written. Where a processor is free, this is over as soon as nothing comes
    /// within one look.
    fn wait_while_growing(&self) {
        let begun = Instant::now();
        let mut len = self.open.lock().len();
        while begun.elapsed() < GROWTH_WAIT_MAX {
            thread::yield_now();
            let open = self.open.lock();
            if open.len() == len || open.closed || self.is_at_limit(&open) {
                return;
            }
            len = open.len();
        }
    }

    fn is_at_limit(&self, open: &Open) -> bool {
        open.len() + open.retry_len >= self.len_max || open.bytes + open.retry_bytes >= self.bytes_max
    }
}

/// How long a batch is gathered, but for the last yield.
const GROWTH_WAIT_MAX: Duration = Duration::from_millis(10);
