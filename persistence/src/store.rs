//! The trait [`Store`]: the broker's interface to the store, with two implementations. It consists of three roles, and
//! each role is a trait: [`Journal`], [`Directory`] and [`Maintenance`].

use std::sync::Arc;

use parking_lot::{RwLock, RwLockReadGuard};

use crate::clock::Clocks;
use crate::config::{Config, Durability};
use crate::error::OpenError;
use crate::{Disk, Memory};

mod directory;
mod health;
mod journal;
mod lease;
mod load;
mod maintenance;
mod watermark;

pub use directory::Directory;
pub use health::{Findings, Health, Stats};
pub use journal::Journal;
pub use lease::{Lease, LeaseEpoch, LeaseRefused, Leases, LocalLeases, NodeId};
pub use load::{Item, Progress};
pub use maintenance::Maintenance;
pub use watermark::Watermark;

/// The number of a commit. Everything appended under this number is durable once [`Journal::latest_commit`] returns at
/// least this number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(pub u64);

/// The result of [`Journal::append`].
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The operations were accepted. This commit covers them.
    Accepted(Commit),
    /// The operations were accepted, but the open batch has reached its size limit: stop reading from the
    /// client that caused them until this commit is reached.
    Slow(Commit),
    /// None of the operations was accepted, because the store has failed; see [`Journal::health`].
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

/// The durable state of the broker: everything that fills the three roles.
pub trait Store: Journal + Directory + Maintenance {}

impl<T: Journal + Directory + Maintenance> Store for T {}
