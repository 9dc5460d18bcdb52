//! A store in memory that commits at random times and loses uncommitted data in a crash. This store gives the same
//! guarantees as the store on disk, and no more.

use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tidegate_persistence::{
    Appended, AtomicScope, Clock, CloseError, Commit, Health, Journal, LocalLeases, MessageId, Observer,
    Operation, SessionId, Stats,
};

use crate::random::Random;

mod contents;
mod directory;

use contents::Contents;

/// The committed data, which survives a crash.
pub(super) struct Disk {
    contents: Contents,
    next_session: u64,
    next_message: u64,
}

/// The store of one broker. The value exists until the next crash.
pub(super) struct CrashStore {
    state: Mutex<State>,
    /// Lock that every open atomic scope holds for reading.
    atomic_scopes: RwLock<()>,
    clock: Clock,
    leases: LocalLeases,
    observer: Arc<dyn Observer>,
}

struct State {
    disk: Disk,
    /// The contents including everything that was appended.
    appended: Contents,
    /// Operations that the writer has not taken yet.
    open_batch: Vec<Operation>,
    /// Operations that the writer has taken but not committed yet.
    batch_in_writing: Option<Vec<Operation>>,
    /// Number of the last commit.
    committed: u64,
    random: Random,
    /// Probability in percent that the writer performs a step before an append.
    write_probability: usize,
    /// Number of appends until the scheduled crash.
    appends_until_crash: Option<usize>,
    /// Whether the process has crashed, so that later operations have no effect.
    has_crashed: bool,
}

impl Disk {
    /// Creates an empty store.
    pub(super) fn new() -> Self {
        Self { contents: Contents::default(), next_session: 1, next_message: 1 }
    }
}

impl CrashStore {
    /// Opens the store with the data that survived the last crash.
    pub(super) fn new(
        disk: Disk,
        clock: Clock,
        observer: Arc<dyn Observer>,
        random: Random,
        write_probability: usize,
    ) -> Self {
        let appended = disk.contents.clone();
        let state = State {
            disk,
            appended,
            open_batch: Vec::new(),
            batch_in_writing: None,
            committed: 0,
            random,
            write_probability,
            appends_until_crash: None,
            has_crashed: false,
        };
        Self {
            state: Mutex::new(state),
            atomic_scopes: RwLock::new(()),
            clock,
            leases: LocalLeases::default(),
            observer,
        }
    }

    /// Lets the writer perform one step. The writer commits the batch that it has taken, or else takes the open batch.
    /// The writer takes no batch while an atomic scope is open.
    pub(super) fn run_writer_step(&self) {
        let mut state = self.state.lock();
        if state.has_crashed {
            return;
        }
        if state.commit() {
            let commit = Commit(state.committed);
            drop(state);
            self.observer.on_commit(commit);
        } else if !state.open_batch.is_empty() && self.atomic_scopes.try_write().is_some() {
            state.batch_in_writing = Some(std::mem::take(&mut state.open_batch));
        }
    }

    /// Returns whether everything that was appended is committed.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state.lock();
        !state.has_crashed && state.open_batch.is_empty() && state.batch_in_writing.is_none()
    }

    /// Schedules a crash before one of the next `appends` appends, within a turn.
    pub(super) fn schedule_crash(&self, appends: usize) {
        self.state.lock().appends_until_crash = Some(appends);
    }

    /// Returns whether the scheduled crash has happened.
    pub(super) fn has_crashed(&self) -> bool {
        self.state.lock().has_crashed
    }

    /// Crashes the process and returns the data that survived.
    pub(super) fn crash(&self) -> Disk {
        self.crash_process();
        std::mem::replace(&mut self.state.lock().disk, Disk::new())
    }

    /// Crashes the process. At random, first commits the batch that the writer has taken, because a batch may have
    /// reached the disk although the commit was not reported. If no atomic scope is open, the same may happen to the
    /// open batch.
    fn crash_process(&self) {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.has_crashed, true) || state.random.chance(40) {
            return;
        }
        state.commit();
        if self.atomic_scopes.try_write().is_some() && state.random.chance(50) {
            state.batch_in_writing = Some(std::mem::take(&mut state.open_batch));
            state.commit();
        }
    }

    fn crash_if_due(&self) {
        let mut state = self.state.lock();
        let Some(left) = state.appends_until_crash else { return };
        state.appends_until_crash = left.checked_sub(1);
        drop(state);
        if left == 0 {
            self.crash_process();
        }
    }

    fn write_at_random(&self) {
        let mut state = self.state.lock();
        let write_probability = state.write_probability;
        let writes = state.random.chance(write_probability);
        drop(state);
        if writes {
            self.run_writer_step();
        }
    }
}

impl State {
    /// Commits the batch that the writer has taken. Returns false if there is no such batch.
    fn commit(&mut self) -> bool {
        let Some(operations) = self.batch_in_writing.take() else {
            return false;
        };
        operations.iter().for_each(|operation| self.disk.contents.apply_operation(operation));
        self.committed += 1;
        true
    }

    /// Returns the commit that will cover the next append.
    fn next_commit(&self) -> Commit {
        Commit(self.committed + 1 + u64::from(self.batch_in_writing.is_some()))
    }
}

impl Journal for CrashStore {
    fn append(&self, operations: &mut Vec<Operation>) -> Appended {
        self.write_at_random();
        self.crash_if_due();
        let mut state = self.state.lock();
        let commit = state.next_commit();
        if operations.is_empty() && state.open_batch.is_empty() {
            return Appended::Accepted(Commit(commit.0 - 1));
        }
        for operation in operations.drain(..) {
            state.appended.check(&operation);
            state.appended.apply_operation(&operation);
            state.open_batch.push(operation);
        }
        Appended::Accepted(commit)
    }

    fn atomic_scope(&self) -> AtomicScope<'_> {
        AtomicScope::hold(&self.atomic_scopes)
    }

    fn latest_commit(&self) -> Commit {
        Commit(self.state.lock().committed)
    }

    fn next_session(&self) -> SessionId {
        let mut state = self.state.lock();
        state.disk.next_session += 1;
        SessionId(state.disk.next_session - 1)
    }

    fn next_message(&self) -> MessageId {
        let mut state = self.state.lock();
        state.disk.next_message += 1;
        MessageId(state.disk.next_message - 1)
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    fn health(&self) -> Health {
        Health::Working
    }

    fn stats(&self) -> Stats {
        Stats { commits: self.state.lock().committed, ..Stats::default() }
    }

    fn close(&self) -> Result<(), CloseError> {
        Ok(())
    }
}
