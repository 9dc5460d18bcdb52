//! What the broker promises to keep: changes on their way to the store, and what waits until they are committed.

use tidegate_persistence::{AtomicScope, CloseError, Commit};

mod commit_wait;
mod convert;
mod restore;
mod scope;
mod session_store;

pub use restore::RestoreError;
pub(crate) use scope::{OpenScopes, PublishScope};
pub use session_store::SessionStore;

/// The store, or none: then every commit is reached from the beginning.
pub struct Durability {
    store: Option<SessionStore>,
}

impl Durability {
    pub(crate) fn new(store: Option<SessionStore>) -> Self {
        Self { store }
    }

    /// The store, if anything is kept beyond the process.
    #[must_use]
    pub fn store(&self) -> Option<&SessionStore> {
        self.store.as_ref()
    }

    /// The last commit that is stored.
    #[must_use]
    pub fn committed(&self) -> Commit {
        self.store.as_ref().map_or(Commit(u64::MAX), SessionStore::committed)
    }

    /// Whether everything up to `commit` is stored.
    #[must_use]
    pub fn is_committed(&self, commit: Commit) -> bool {
        commit <= self.committed()
    }

    /// Whether nothing is accepted that would have to be stored: the disk is full, or the store failed.
    #[must_use]
    pub fn is_refusing(&self) -> bool {
        self.store.as_ref().is_some_and(SessionStore::is_refusing)
    }

    /// The commit until which nothing more should be read from clients, because the store cannot keep up.
    #[must_use]
    pub fn backpressure(&self) -> Option<Commit> {
        self.store.as_ref().and_then(SessionStore::backpressure)
    }

    /// Everything that is appended until the guard is dropped is committed together or not at all. Take it before any lock, and
    /// one at a time in a thread.
    pub(crate) fn atomic_scope(&self) -> Option<AtomicScope<'_>> {
        self.store.as_ref().map(SessionStore::atomic_scope)
    }

    /// Commits what was appended and closes the store. Nothing is accepted afterwards.
    ///
    /// # Errors
    /// When something appended could not be committed, or had failed before.
    pub fn close(&self) -> Result<(), CloseError> {
        self.store.as_ref().map_or(Ok(()), SessionStore::close)
    }
}
