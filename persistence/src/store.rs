//! The trait [`Store`]: the interface of the store for the broker, for both implementations.

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

/// The number of a commit. Everything appended under this number is durable once [`Store::latest_commit`] returns this
/// number or a greater one.
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

/// A guard: all operations appended while it exists are committed together, or none of them is.
#[must_use]
pub struct AtomicScope<'a> {
    _guard: Option<RwLockReadGuard<'a, ()>>,
}

impl<'a> AtomicScope<'a> {
    /// Creates a guard that does nothing, for a store that commits every append immediately.
    pub(crate) fn none() -> Self {
        Self { _guard: None }
    }

    /// Creates a guard that holds the lock of a store for reading. The store takes its open batch only while it holds
    /// this lock for writing.
    pub fn hold(atomic_scopes: &'a RwLock<()>) -> Self {
        Self { _guard: Some(atomic_scopes.read()) }
    }
}

/// Receives notifications from the store. The store's writer thread calls the methods and waits until they return, so
/// they must not block: they may set a flag or wake another thread.
pub trait Observer: Send + Sync {
    /// Receives the notification that the committed number has risen to `commit`. The store calls this once for all
    /// operations that were committed together.
    fn on_commit(&self, commit: Commit);

    /// Receives the notification that the health has changed.
    fn on_health_change(&self, health: &Health) {
        let _ = health;
    }
}

/// Opens the store that the configuration describes.
///
/// # Errors
/// When [`Disk::open`] fails. There are no errors with [`Durability::Memory`].
pub fn open(
    config: &Config,
    clocks: Arc<dyn Clocks>,
    observer: Arc<dyn Observer>,
) -> Result<Arc<dyn Store>, OpenError> {
    Ok(match config.durability {
        Durability::Memory => Arc::new(Memory::new(observer)),
        Durability::Always | Durability::Interval => {
            Arc::new(Disk::open_with_clocks(config, clocks, observer)?)
        }
    })
}

/// The durable state of the broker.
pub trait Store: Send + Sync {
    /// Moves all operations from the list into the open batch. The operations are committed together and in order. A
    /// store that has failed returns [`Appended::Refused`] and leaves the list unchanged. For an empty list, the result
    /// is the commit that covers everything appended before. Never waits for the disk.
    fn append(&self, operations: &mut Vec<Operation>) -> Appended;

    /// Begins an atomic scope: everything appended until the guard is dropped belongs to one commit, even in several
    /// calls. The writer waits until the scope ends. If the writer is waiting, this call waits until the writer has
    /// taken its batch. Therefore hold the guard only for a few operations in memory, and never hold two guards in one
    /// thread.
    fn atomic_scope(&self) -> AtomicScope<'_>;

    /// Returns the last commit that is durable. This is a single atomic read.
    fn latest_commit(&self) -> Commit;

    /// Returns a new session id.
    fn next_session(&self) -> SessionId;

    /// Returns a new message id.
    fn next_message(&self) -> MessageId;

    /// Returns the clock that converts between store time and the monotonic clock.
    fn clock(&self) -> Clock;

    /// Returns whether the store works and, if it does not, the reason.
    fn health(&self) -> Health;

    /// Passes every committed record to `visit` once, in the order of [`Item`]'s variants. Used when the broker starts.
    /// Takes as long as reading the file.
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

    /// Commits everything that was appended, and accepts nothing afterwards. Returns when everything is on disk. Later
    /// calls return the same result.
    ///
    /// # Errors
    /// When an appended operation could not be committed.
    fn close(&self) -> Result<(), CloseError>;
}
