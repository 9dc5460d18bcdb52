//! The trait [`Store`]: the interface that the broker uses, whichever implementation is behind it.

use std::path::Path;
use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard};

use crate::clock::{Clock, Clocks};
use crate::config::{Config, Durability};
use crate::error::{CheckError, CloseError, LoadError, OpenError, SnapshotError};
use crate::operation::Operation;
use crate::record::{MessageId, SessionId};
use crate::{Disk, Memory};

mod health;
mod load;
mod watermark;

pub use health::{Findings, Health, Stats};
pub use load::{Item, Progress};
pub use watermark::Watermark;

/// The number of a commit. Everything appended under this number is durable once [`Store::committed`] has
/// reached it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(pub u64);

/// The result of [`Store::append`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The operations were accepted. This commit covers them.
    Accepted(Commit),
    /// The operations were accepted, but the open batch has reached its size limit: stop reading from the
    /// client that caused them until this commit is reached.
    Slow(Commit),
    /// None of the operations was accepted, because the store has failed; see [`Store::health`].
    Refused,
}

/// A guard: all operations appended while it lives are committed together, or none of them is.
#[must_use]
pub struct AtomicScope<'a> {
    _guard: Option<RwLockReadGuard<'a, ()>>,
}

impl<'a> AtomicScope<'a> {
    /// A guard that does nothing, for a store that commits every append immediately.
    pub(crate) fn none() -> Self {
        Self { _guard: None }
    }

    /// Holds the lock of a store for reading. The store takes its open batch only while it holds that lock for writing.
    pub fn hold(atomic_scopes: &'a RwLock<()>) -> Self {
        Self { _guard: Some(atomic_scopes.read()) }
    }
}

/// Receives notifications from the store. The methods run on the writer's own thread, which waits for them: set
/// a flag, wake a thread, return.
pub trait Observer: Send + Sync {
    /// The committed number has risen to `commit`. Called once for all operations that became committed
    /// together.
    fn committed(&self, commit: Commit);

    /// The health has changed.
    fn health(&self, health: &Health) {
        let _ = health;
    }
}

/// Opens the store that the configuration describes.
///
/// # Errors
/// See [`Disk::open`]. [`Durability::Memory`] causes no errors.
pub fn open(
    config: &Config,
    clocks: Arc<dyn Clocks>,
    observer: Arc<dyn Observer>,
) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match config.durability {
        Durability::Memory => Arc::new(Memory::new(observer)),
        Durability::Always | Durability::Interval(_) => {
            Arc::new(Disk::open_with_clocks(config, clocks, observer)?)
        }
    })
}

/// The durable state of the broker.
pub trait Store: Send + Sync {
    /// Moves all operations from the list into the open batch. They stay together and in order. A store that
    /// has failed returns [`Appended::Refused`] and leaves the list unchanged. For an empty list, the result is
    /// the commit that covers everything appended before. Never waits for the disk.
    fn append(&self, operations: &mut Vec<Operation>) -> Appended;

    /// Begins an atomic scope: everything appended until the guard is dropped belongs to one commit, even over
    /// several calls. The writer waits until the scope ends, and beginning a scope waits for a waiting writer.
    /// Therefore hold it only for a few operations in memory, and never hold two in one thread.
    fn atomic_scope(&self) -> AtomicScope<'_>;

    /// The last commit that is durable: one atomic read.
    fn committed(&self) -> Commit;

    /// Returns a new session id.
    fn next_session(&self) -> SessionId;

    /// Returns a new message id.
    fn next_message(&self) -> MessageId;

    /// Converts between stored times and the monotonic clock.
    fn clock(&self) -> Clock;

    /// Whether the store works, and if not, why.
    fn health(&self) -> Health;

    /// Passes every committed record to `visit`, once, in the order of [`Item`]'s variants. Used when the
    /// broker starts; it takes as long as reading the file.
    ///
    /// # Errors
    /// The first record that is not valid, or an error of the engine.
    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError>;

    /// Writes a consistent copy to a new file while the store keeps working. To use the copy, put it into an
    /// empty folder as `data.mdb`.
    ///
    /// # Errors
    /// When the file exists or cannot be written. The incomplete copy is removed.
    fn snapshot(&self, file: &Path) -> Result<(), SnapshotError>;

    /// Returns counts and sizes.
    fn stats(&self) -> Stats;

    /// Checks that all records are valid and consistent with each other.
    ///
    /// # Errors
    /// When the store cannot be read. Invalid or inconsistent records are not errors; they are listed in the
    /// findings.
    fn check(&self) -> Result<Findings, CheckError>;

    /// Commits what was appended, and accepts nothing afterwards. Returns when that is on disk; later calls report the same.
    ///
    /// # Errors
    /// When something that was appended is not committed.
    fn close(&self) -> Result<(), CloseError>;
}
