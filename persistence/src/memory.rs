//! A store that keeps nothing: appended operations count as committed immediately and are then discarded.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::clock::Clock;
use crate::disk::{Contents, Written};
use crate::error::{CloseError, LoadError, ReadError, SnapshotError};
use crate::operation::Operation;
use crate::record::{MessageId, SessionId};
use crate::store::{
    Appended, AtomicScope, Commit, Directory, Findings, Health, Item, Journal, Leases, LocalLeases,
    Maintenance, Observer, Progress, Stats,
};

/// A store that keeps nothing.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use tidegate_persistence::{Appended, Directory, Journal, Memory, Operation, Watermark};
///
/// let store = Memory::new(Arc::new(Watermark::default()));
/// let mut operations = vec![Operation::CloseSession { session: store.next_session() }];
/// let Appended::Accepted(commit) = store.append(&mut operations) else { panic!("refused") };
/// assert!(operations.is_empty());
/// assert_eq!(store.latest_commit(), commit);
///
/// store.load(&mut |_, _| panic!("a record was loaded"))?;
/// # Ok::<(), tidegate_persistence::LoadError>(())
/// ```
pub struct Memory {
    committed: AtomicU64,
    operations: AtomicU64,
    /// The next session id.
    sessions: AtomicU64,
    /// The next message id.
    messages: AtomicU64,
    opened: Instant,
    leases: LocalLeases,
    observer: Arc<dyn Observer>,
}

impl Memory {
    /// Creates the store. `observer` is called for every append.
    #[must_use]
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self {
            committed: AtomicU64::new(0),
            operations: AtomicU64::new(0),
            sessions: AtomicU64::new(1),
            messages: AtomicU64::new(1),
            opened: Instant::now(),
            leases: LocalLeases::default(),
            observer,
        }
    }
}

impl Journal for Memory {
    fn append(&self, operations: &mut Vec<Operation>) -> Appended {
        let count = u64::try_from(operations.len()).unwrap_or(u64::MAX);
        operations.clear();
        self.operations.fetch_add(count, Ordering::Relaxed);
        let commit = Commit(self.committed.fetch_add(1, Ordering::AcqRel) + 1);
        self.observer.on_commit(commit);
        Appended::Accepted(commit)
    }

    fn atomic_scope(&self) -> AtomicScope<'_> {
        AtomicScope::none()
    }

    fn latest_commit(&self) -> Commit {
        Commit(self.committed.load(Ordering::Acquire))
    }

    fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed))
    }

    fn next_message(&self) -> MessageId {
        MessageId(self.messages.fetch_add(1, Ordering::Relaxed))
    }

    fn clock(&self) -> Clock {
        Clock { now: self.opened, store_time: 0 }
    }

    fn health(&self) -> Health {
        Health::Working
    }

    fn stats(&self) -> Stats {
        Stats {
            commits: self.committed.load(Ordering::Relaxed),
            operations: self.operations.load(Ordering::Relaxed),
            ..Stats::default()
        }
    }

    fn close(&self) -> Result<(), CloseError> {
        Ok(())
    }
}

impl Directory for Memory {
    fn load(&self, _visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError> {
        Ok(())
    }

    fn load_session(&self, _: SessionId, _visit: &mut dyn FnMut(Item<'_>)) -> Result<(), LoadError> {
        Ok(())
    }

    fn leases(&self) -> &dyn Leases {
        &self.leases
    }
}

impl Maintenance for Memory {
    fn snapshot(&self, _: &Path) -> Result<Written, ReadError> {
        Err(SnapshotError::NothingStored.into())
    }

    fn check(&self) -> Result<Findings, ReadError> {
        Ok(Findings::default())
    }

    fn contents(&self) -> Result<Contents, ReadError> {
        Ok(Contents::default())
    }
}
