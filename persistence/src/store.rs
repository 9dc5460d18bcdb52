//! The store as the broker knows it, whichever engine is behind it.

use std::path::Path;
use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard};

use crate::config::{Config, Durability};
use crate::error::{CheckError, LoadError, OpenError, SnapshotError};
use crate::operation::Operation;
use crate::record::{MessageId, SessionId};
use crate::{Disk, Memory};

mod health;
mod load;
mod watermark;

pub use health::{Findings, Health, Stats};
pub use load::{Item, Progress};
pub use watermark::Watermark;

/// The number of a commit: everything appended under it is kept once [`Store::committed`] has reached it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(pub u64);

/// What became of operations that were appended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Taken; that commit covers them.
    Accepted(Commit),
    /// Taken, but the open batch is as large as it should become: read no more from who causes this until the commit
    /// is reached.
    Slow(Commit),
    /// Not taken, none of them: the store failed, see [`Store::health`].
    Refused,
}

/// What is appended while it lives becomes committed together, or not at all.
#[must_use]
pub struct AtomicScope<'a> {
    _guard: Option<RwLockReadGuard<'a, ()>>,
}

impl<'a> AtomicScope<'a> {
    /// Where appending is committing.
    pub(crate) fn none() -> Self {
        Self { _guard: None }
    }

    /// Whoever takes the batch locks `atomic_scopes` for writing.
    pub(crate) fn hold(atomic_scopes: &'a RwLock<()>) -> Self {
        Self { _guard: Some(atomic_scopes.read()) }
    }
}

/// Who is told when something changes. Called on the store's own thread, which waits meanwhile: set a flag, wake
/// somebody, return.
pub trait Observer: Send + Sync {
    /// The committed number has risen: once for all that became committed together.
    fn committed(&self, commit: Commit);

    /// The health is another.
    fn health(&self, health: &Health) {
        let _ = health;
    }
}

/// Opens the store of that configuration.
///
/// # Errors
/// See [`Disk::open`]; [`Durability::Memory`] has none.
pub fn open(config: &Config, observer: Arc<dyn Observer>) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match config.durability {
        Durability::Memory => Arc::new(Memory::new(observer)),
        Durability::Always | Durability::Interval(_) => Arc::new(Disk::open(config, observer)?),
    })
}

/// The durable state of the broker.
pub trait Store: Send + Sync {
    /// Takes all operations out of the list into the open batch, where they stay together and in order. A store that failed
    /// refuses; the list stays as it is then. An empty list is told the commit of what came before. Never waits for the disk.
    fn append(&self, operations: &mut Vec<Operation>) -> Appended;

    /// Keeps what is appended until the guard is dropped in one commit, also over several calls. The writer waits for it, and who
    /// begins one waits for a waiting writer: hold it for a few operations in memory, and never two in one thread.
    fn atomic_scope(&self) -> AtomicScope<'_>;

    /// What is committed by now: one atomic read.
    fn committed(&self) -> Commit;

    /// A new session id.
    fn next_session(&self) -> SessionId;

    /// A new message number.
    fn next_message(&self) -> MessageId;

    /// Whether it works, and if not, why.
    fn health(&self) -> Health;

    /// Hands over everything that is committed, once, in the order of [`Item`]'s variants. For the start: it takes as long as it
    /// takes to read the file.
    ///
    /// # Errors
    /// The first record that is not valid, or a fault of the engine.
    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError>;

    /// Writes a consistent copy to a new file, while the store works on. Copied to an empty folder as `data.mdb`, it opens.
    ///
    /// # Errors
    /// When the file exists or cannot be written; what was begun is removed.
    fn snapshot(&self, file: &Path) -> Result<(), SnapshotError>;

    /// Counts and sizes.
    fn stats(&self) -> Stats;

    /// Reads everything and holds it against itself.
    ///
    /// # Errors
    /// When it cannot be read; what is wrong in itself is in the findings.
    fn check(&self) -> Result<Findings, CheckError>;
}
