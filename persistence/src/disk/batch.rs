//! The open batch: folded operations that wait for the writer. The size of the batch is limited.

use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, RwLock};

use crate::change::ChangeSet;
use crate::config::Config;
use crate::operation::{Operation, total_size};
use crate::store::{Appended, AtomicScope, Commit};

/// The open batch.
pub(super) struct Batch {
    open: Mutex<OpenBatch>,
    /// A lock that every atomic scope holds for reading, and that the writer holds for writing while it takes the
    /// batch. This lock must be taken before the lock `open`.
    atomic_scopes: RwLock<()>,
    wake_writer: Condvar,
    checkpointed: Condvar,
    /// Number of operations at which the batch is full.
    len_max: usize,
    /// The configured limit for the size of the batch, in bytes.
    bytes_max: usize,
}

struct OpenBatch {
    change: ChangeSet,
    /// Size in bytes of the operations in the batch.
    bytes: usize,
    /// The current limit for `bytes`.
    bytes_limit: usize,
    /// The commit that will cover this batch.
    commit: Commit,
    /// Number of operations that the writer retries because there was no space for them.
    retried_operations: usize,
    /// Size in bytes of the operations that the writer retries.
    retried_bytes: usize,
    /// Whether the batch is closed, so that no more operations are accepted.
    closed: bool,
    /// Number of checkpoints that were requested.
    checkpoints_requested: u64,
    /// Number of requests for a checkpoint that were answered.
    checkpoints_done: u64,
}

impl OpenBatch {
    fn is_checkpoint_requested(&self) -> bool {
        self.checkpoints_requested > self.checkpoints_done
    }

    /// Returns the number of operations in the batch.
    fn len(&self) -> usize {
        usize::try_from(self.change.operations).unwrap_or(usize::MAX)
    }
}

/// Information about the batch that the writer has taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct TakenBatch {
    /// The commit that covers this batch and all earlier batches.
    pub(super) commit: Commit,
    /// Size in bytes of the operations in the batch.
    pub(super) bytes: usize,
    /// Whether the store is closing, so that no batch will follow.
    pub(super) last: bool,
    /// The number of the latest request for a checkpoint; 0 when there is none.
    pub(super) checkpoint_request: u64,
}

impl Batch {
    pub(super) fn new(config: &Config) -> Self {
        let open = OpenBatch {
            change: ChangeSet::default(),
            bytes: 0,
            bytes_limit: config.batch_bytes_max,
            commit: Commit(1),
            retried_operations: 0,
            retried_bytes: 0,
            closed: false,
            checkpoints_requested: 0,
            checkpoints_done: 0,
        };
        Self {
            open: Mutex::new(open),
            atomic_scopes: RwLock::new(()),
            wake_writer: Condvar::new(),
            checkpointed: Condvar::new(),
            len_max: config.batch_len_max.max(1),
            bytes_max: config.batch_bytes_max,
        }
    }

    /// Appends operations to the batch, as described at [`crate::Journal::append`].
    pub(super) fn append(&self, operations: &mut Vec<Operation>) -> Appended {
        let size = total_size(operations);
        let mut open = self.open.lock();
        if open.closed {
            return Appended::Refused;
        }
        if operations.is_empty() && open.change.operations == 0 {
            // Return the last commit, because there may never be another commit.
            return Appended::Accepted(Commit(open.commit.0 - 1));
        }
        open.change.fold_operations(operations);
        open.bytes += size;
        let commit = open.commit;
        let slow = self.is_at_limit(&open);
        drop(open);
        self.wake_writer.notify_one();
        if slow { Appended::Slow(commit) } else { Appended::Accepted(commit) }
    }

    /// Sets the limit for the number of bytes. The configured limit applies if it is lower.
    pub(super) fn limit_bytes(&self, limit: usize) {
        self.open.lock().bytes_limit = self.bytes_max.min(limit);
    }

    /// Begins an atomic scope, as described at [`crate::Journal::atomic_scope`].
    pub(super) fn atomic_scope(&self) -> AtomicScope<'_> {
        AtomicScope::hold(&self.atomic_scopes)
    }

    /// Waits until there are operations or a checkpoint request, the deadline has passed, or the batch is closed.
    /// Afterwards, this function moves the batch into `into`, which must be empty. With `until_deadline`, operations
    /// and requests do not end the wait.
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
                Some(deadline) => timed_out = self.wake_writer.wait_until(&mut open, deadline).timed_out(),
                None => self.wake_writer.wait(&mut open),
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

    /// Sets the number and the size of the operations that the writer retries. The retried operations count towards the
    /// limits as if they were still in the batch.
    pub(super) fn set_retrying(&self, retried_operations: usize, retried_bytes: usize) {
        let mut open = self.open.lock();
        open.retried_operations = retried_operations;
        open.retried_bytes = retried_bytes;
    }

    /// Requests a checkpoint and waits until the writer has made the checkpoint or failed to make it.
    pub(super) fn checkpoint_and_wait(&self) {
        let mut open = self.open.lock();
        open.checkpoints_requested += 1;
        let request = open.checkpoints_requested;
        self.wake_writer.notify_one();
        while open.checkpoints_done < request && !open.closed {
            self.checkpointed.wait(&mut open);
        }
    }

    /// Answers all requests up to number `request`.
    pub(super) fn finish_checkpoint_requests(&self, request: u64) {
        if request > 0 {
            self.open.lock().checkpoints_done = request;
            self.checkpointed.notify_all();
        }
    }

    /// Closes the batch, so that no more operations are accepted.
    pub(super) fn close(&self) {
        self.open.lock().closed = true;
        self.wake_writer.notify_all();
        self.checkpointed.notify_all();
    }

    /// Returns the number of waiting operations, the number of retried operations among them, and the size of all
    /// waiting operations in bytes.
    pub(super) fn waiting(&self) -> (usize, usize, usize) {
        let open = self.open.lock();
        (open.len() + open.retried_operations, open.retried_operations, open.bytes + open.retried_bytes)
    }

    /// Yields the processor as long as the batch grows, for at most [`GROWTH_WAIT_MAX`]. Threads that wait for this
    /// processor can then append more operations, which saves commits and wake-ups, and can complete entries, which
    /// then need not be written. On an idle processor, this function returns after the first yield without new
    /// operations.
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

    fn is_at_limit(&self, open: &OpenBatch) -> bool {
        open.len() + open.retried_operations >= self.len_max
            || open.bytes + open.retried_bytes >= open.bytes_limit.max(1)
    }
}

/// Maximum time to wait for the batch to grow, not counting the last yield. A commit may be delayed by this time;
/// without the bound, threads that keep appending could delay it for ever.
const GROWTH_WAIT_MAX: Duration = Duration::from_millis(10);
