//! The writer thread: takes the open batch, commits it, notifies the observer, and repeats.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::batch::TakenBatch;
use super::engine::{Engine, Space};
use super::fault::Fault;
use super::shared::Shared;
use crate::change::ChangeSet;
use crate::config::Config;
use crate::error::{OpenError, Reason};
use crate::store::{Commit, Health};

mod schedule;

use schedule::Schedule;

/// The state of the writer.
struct Writer {
    engine: Engine,
    shared: Arc<Shared>,
    /// Operations that were taken from the open batch and are not committed yet.
    change: ChangeSet,
    /// Size in bytes of the operations in `change`.
    bytes: usize,
    /// The commit that will cover `change`.
    commit: Commit,
    schedule: Schedule,
    /// Whether a commit has used the reserve, or memory was short, and not enough space and memory were freed since.
    is_over_limit: bool,
}

/// Reports a panic of the writer thread, for example in the observer, as a failure of the store.
struct PanicGuard(Arc<Shared>);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.batch.close();
            self.0.set_health(Health::Failed(Reason::Engine("the writer panicked".to_owned())));
        }
    }
}

/// Starts the writer thread. The thread ends when the batch is closed and empty, or when the engine has failed.
pub(super) fn spawn(
    engine: Engine,
    shared: Arc<Shared>,
    config: &Config,
) -> Result<JoinHandle<()>, OpenError> {
    let interval = engine.interval();
    let writer = Writer {
        engine,
        shared,
        change: ChangeSet::default(),
        bytes: 0,
        commit: Commit(0),
        schedule: Schedule::new(interval, Instant::now()),
        is_over_limit: false,
    };
    let guard = PanicGuard(Arc::clone(&writer.shared));
    let run = move || {
        writer.run();
        drop(guard);
    };
    let thread = thread::Builder::new().name("store".to_owned()).spawn(run);
    thread.map_err(|source| OpenError::Io { path: config.folder.clone(), source })
}

impl Writer {
    fn run(mut self) {
        let mut later = ChangeSet::default();
        loop {
            let taken =
                self.shared.batch.take(&mut later, self.schedule.deadline(), self.schedule.is_retrying());
            self.merge_taken(&mut later, taken);
            let done =
                self.commit().and_then(|()| self.checkpoint(taken)).and_then(|()| self.keep_time(taken.last));
            // Sync even if there was no space for this batch, so that earlier commits are synced in time.
            let done = self.sync(taken.last).and(done);
            self.shared.batch.finish_checkpoint_requests(taken.checkpoint_request);
            match done {
                Ok(()) if taken.last => break,
                Ok(()) => self.report_health(),
                Err(fault) if fault.is_out_of_space() && !taken.last => self.wait_for_space(fault),
                Err(fault) => return self.fail(fault),
            }
        }
        self.engine.close();
    }

    /// Adds newly taken operations to those for which there was no space.
    fn merge_taken(&mut self, later: &mut ChangeSet, taken: TakenBatch) {
        if later.operations == 0 {
            return;
        }
        self.commit = taken.commit;
        self.bytes += taken.bytes;
        if self.change.operations == 0 {
            core::mem::swap(&mut self.change, later);
        } else {
            self.change.merge(later);
        }
    }

    /// Commits the operations that were taken, if there are any.
    fn commit(&mut self) -> Result<(), Fault> {
        if self.schedule.is_presence_due(Instant::now()) {
            self.verify_presence()?;
        }
        let operations = self.change.operations;
        if operations == 0 {
            return Ok(());
        }
        if self.engine.adapt_reserve(&self.change, self.bytes)? {
            self.shared.batch.limit_bytes(self.engine.batch_bytes_max());
        }
        let space = self.engine.commit(&mut self.change, self.is_over_limit)?;
        // A commit must be reported only if the next start will find it.
        self.verify_presence()?;
        self.bytes = 0;
        self.schedule.record_commit(Instant::now(), !self.engine.is_checkpointed());
        self.shared.commit(self.commit, operations, self.engine.body_count());
        self.update_space(space)
    }

    /// Checks that the files are still at their paths.
    fn verify_presence(&mut self) -> Result<(), Fault> {
        self.schedule.presence_verified(Instant::now());
        self.engine.verify_presence()
    }

    /// Makes a checkpoint if one is due or requested, or if the store is closing.
    fn checkpoint(&mut self, taken: TakenBatch) -> Result<(), Fault> {
        let is_requested = taken.last || taken.checkpoint_request > 0 || self.is_over_limit;
        if !is_requested
            && !self.engine.is_checkpoint_due()
            && !self.schedule.is_checkpoint_due(Instant::now())
        {
            return Ok(());
        }
        match self.engine.checkpoint() {
            Ok(space) => {
                self.schedule.checkpointed();
                self.shared.set_body_count(self.engine.body_count());
                self.update_space(space)
            }
            // The log stays in the file, and the next start applies it.
            Err(fault) if taken.last && fault.is_out_of_space() => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Keeps the time mark in the file up to date. An idle store checks the mark whenever it checks its files.
    fn keep_time(&mut self, last: bool) -> Result<(), Fault> {
        if self.engine.keep_time(last)? {
            self.schedule.record_commit(Instant::now(), !self.engine.is_checkpointed());
        }
        Ok(())
    }

    fn update_space(&mut self, space: Space) -> Result<(), Fault> {
        self.is_over_limit |= space == Space::Reserve;
        if self.is_over_limit {
            self.is_over_limit = !self.engine.has_free_space()?;
        }
        Ok(())
    }

    /// Reports the health after a success: no operations are retried any more, but as long as the reserve is in use,
    /// the store is still full.
    fn report_health(&mut self) {
        if self.schedule.clear_retry() {
            self.shared.batch.set_retrying(0, 0);
        }
        self.shared.set_health(if self.is_over_limit {
            Health::Full(self.engine.full_reason())
        } else {
            Health::Working
        });
    }

    /// Syncs if a sync is due. With `is_closing`, the store is closing, so everything that is not synced is synced now.
    fn sync(&mut self, is_closing: bool) -> Result<(), Fault> {
        if !self.schedule.is_sync_due(Instant::now(), is_closing) {
            return Ok(());
        }
        self.engine.sync()?;
        self.schedule.synced();
        Ok(())
    }

    /// Keeps the operations for which there was no space, so that they are retried together with later operations.
    fn wait_for_space(&mut self, fault: Fault) {
        self.schedule.found_no_space(Instant::now());
        let len = usize::try_from(self.change.operations).unwrap_or(usize::MAX);
        self.shared.batch.set_retrying(len, self.bytes);
        self.shared.set_health(Health::Full(Reason::from(fault)));
    }

    /// Stops the writer after a failure: neither the current operations nor later ones are ever reported as committed.
    fn fail(self, fault: Fault) {
        self.shared.batch.close();
        if matches!(fault, Fault::Sync(_)) {
            self.engine.invalidate();
        }
        self.shared.set_health(Health::Failed(Reason::from(fault)));
    }
}
