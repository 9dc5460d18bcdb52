//! Makes the broker's state durable: passes changes to the store, and holds packets back until the changes that they
//! depend on are committed.

use tidegate_limits::StoreCondition;
use tidegate_persistence::{AtomicScope, CloseError, Commit};

mod commit_wait;
mod convert;
mod restore;
mod restore_error;
mod scope;
mod session_store;

pub use restore_error::RestoreError;
pub(crate) use scope::{OpenScopes, PublishScope};
pub use session_store::SessionStore;

/// The store of the broker, if it has one. Without a store, every commit counts as reached.
pub struct Durability {
    store: Option<SessionStore>,
}

impl Durability {
    pub(crate) fn new(store: Option<SessionStore>) -> Self {
        Self { store }
    }

    /// Returns the store; `None` if all state is lost when the process ends.
    #[must_use]
    pub fn store(&self) -> Option<&SessionStore> {
        self.store.as_ref()
    }

    /// Returns the last commit that the store has reached. Without a store, every commit counts as reached.
    #[must_use]
    pub fn latest_commit(&self) -> Commit {
        self.store.as_ref().map_or(Commit(u64::MAX), SessionStore::latest_commit)
    }

    /// Whether `commit` is reached.
    #[must_use]
    pub fn is_committed(&self, commit: Commit) -> bool {
        commit <= self.latest_commit()
    }

    /// Whether the broker refuses everything that would have to be stored, because the disk is full or the store
    /// failed.
    #[must_use]
    pub fn is_refusing(&self) -> bool {
        self.store.as_ref().is_some_and(SessionStore::is_refusing)
    }

    /// Returns the condition of the store, on which policies decide.
    #[must_use]
    pub fn condition(&self) -> StoreCondition {
        match &self.store {
            Some(store) if store.has_failed() => StoreCondition::Failed,
            Some(store) if store.is_refusing() => StoreCondition::Full,
            _ => StoreCondition::Working,
        }
    }

    /// Returns the commit before which nothing more should be read from clients, because the store cannot keep up.
    #[must_use]
    pub fn backpressure(&self) -> Option<Commit> {
        self.store.as_ref().and_then(SessionStore::backpressure)
    }

    /// Opens an atomic scope: everything appended until the guard is dropped is committed together or not at all. Open
    /// it before taking any lock, and only one at a time per thread.
    pub(crate) fn atomic_scope(&self) -> Option<AtomicScope<'_>> {
        self.store.as_ref().map(SessionStore::atomic_scope)
    }

    /// Commits everything that was appended and closes the store, which accepts nothing afterwards.
    ///
    /// # Errors
    /// When an appended operation could not be committed, or the store had failed before.
    pub fn close(&self) -> Result<(), CloseError> {
        self.store.as_ref().map_or(Ok(()), SessionStore::close)
    }
}
