//! The store on LMDB: `append` adds operations to the open batch, and one thread writes the batches. The
//! submodules own the file, the tables, the batch and the writer.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

use crate::clock::{Clock, Clocks, SystemClocks};
use crate::config::Config;
use crate::error::{CloseError, LoadError, OpenError, ReadError};
use crate::operation::Operation;
use crate::record::{MessageId, SessionId};
use crate::store::{
    Appended, AtomicScope, Commit, Directory, Findings, Health, Item, Journal, Leases, LocalLeases,
    Maintenance, Observer, Progress, Stats,
};

mod allocation;
mod apply;
mod batch;
mod check;
mod checksum;
mod engine;
mod fault;
mod file;
mod ids;
mod key;
mod load;
mod lock;
mod log;
mod open;
mod presence;
mod read_only;
mod references;
mod restore;
mod secret;
mod shared;
mod snapshot;
mod sync_point;
mod tables;
mod text_key;
mod timeline;
mod verify;
mod writer;

pub use read_only::{Contents, ReadOnly, TenantContents};
pub use restore::{Restored, restore};
pub use secret::{SECRET_LEN, load_or_store_secret};
pub use snapshot::{Written, checkpoint_store, partial_path, partial_store_path};
pub use verify::{Damage, Flaw};

use engine::{Map, ReadView};
use fault::Fault;
use shared::Shared;

/// A store in a folder. [`Journal::close`] closes it and returns errors. Dropping a store closes it as well, but only
/// logs errors.
///
/// # Examples
///
/// Store a session, wait for the commit, and load the session after a restart:
/// ```
/// use std::sync::Arc;
///
/// use tidegate_mqtt::ProtocolVersion;
/// use tidegate_persistence::{
///     Appended, Config, Disk, Item, Operation, SessionRecord, SessionState, Directory, Journal, Watermark,
/// };
///
/// let folder = tempfile::tempdir()?;
/// let config = Config::new(folder.path());
/// let watermark = Arc::new(Watermark::default());
/// let store = Disk::open(&config, watermark.clone())?;
///
/// let record = SessionRecord {
///     tenant: "default".into(),
///     client_id: "sensor-7".into(),
///     version: ProtocolVersion::V5,
///     session_expiry: 3600,
///     state: SessionState::Attached,
///     will: None,
/// };
/// let session = store.next_session();
/// let mut operations = vec![Operation::OpenSession { session, record: Box::new(record.clone()) }];
/// let Appended::Accepted(commit) = store.append(&mut operations) else { panic!("refused") };
/// watermark.wait(commit);
/// store.close()?;
/// // The folder stays in use until the store is dropped.
/// drop(store);
///
/// let store = Disk::open(&config, watermark)?;
/// let mut sessions = Vec::new();
/// store.load(&mut |item, _progress| {
///     if let Item::Session(id, record) = item {
///         sessions.push((id, record));
///     }
/// })?;
/// assert_eq!(sessions, [(session, record)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Disk {
    shared: Arc<Shared>,
    map: Arc<Map>,
    clock: Clock,
    leases: LocalLeases,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Disk {
    /// Opens the store, or creates a new one. `observer` is called after each commit.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use by another process, or holds a damaged file. A damaged file is
    /// left unchanged.
    pub fn open(config: &Config, observer: Arc<dyn Observer>) -> Result<Self, OpenError> {
        Self::open_with_clocks(config, Arc::new(SystemClocks), observer)
    }

    /// Opens the store like [`Self::open`], but with the given clocks instead of those of the machine.
    ///
    /// # Errors
    /// When [`Self::open`] would fail.
    pub fn open_with_clocks(
        config: &Config,
        clocks: Arc<dyn Clocks>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, OpenError> {
        let (engine, ids) = open::open_engine(config, clocks)?;
        let clock = engine.clock();
        let map = Arc::clone(engine.map());
        let shared = Arc::new(Shared::new(config, ids, engine.counts(), observer));
        shared.batch.limit_bytes(engine.batch_bytes_max());
        let writer = writer::spawn(engine, Arc::clone(&shared), config)?;
        let leases = LocalLeases::default();
        Ok(Self { shared, map, clock, leases, writer: Mutex::new(Some(writer)) })
    }

    /// Waits for a checkpoint, and returns a view of the tables, which then hold every committed record.
    fn read_committed(&self) -> Result<ReadView<'_>, Fault> {
        self.shared.batch.checkpoint_and_wait();
        self.map.read_view()
    }
}

impl Journal for Disk {
    fn append(&self, operations: &mut Vec<Operation>) -> Appended {
        self.shared.batch.append(operations)
    }

    fn atomic_scope(&self) -> AtomicScope<'_> {
        self.shared.batch.atomic_scope()
    }

    fn latest_commit(&self) -> Commit {
        self.shared.latest_commit()
    }

    fn next_session(&self) -> SessionId {
        self.shared.ids.next_session()
    }

    fn next_message(&self) -> MessageId {
        self.shared.ids.next_message()
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    fn health(&self) -> Health {
        self.shared.health()
    }

    fn stats(&self) -> Stats {
        self.shared.stats(&self.map)
    }

    fn close(&self) -> Result<(), CloseError> {
        self.shared.batch.close();
        let writer = self.writer.lock().take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            return Err(CloseError::Panicked);
        }
        match self.shared.health() {
            Health::Failed(reason) => Err(CloseError::NotCommitted(reason)),
            Health::Working | Health::Full(_) => Ok(()),
        }
    }
}

impl Directory for Disk {
    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError> {
        let view = self.read_committed()?;
        Ok(load::load(view.tables, &view.txn, visit)?)
    }

    fn load_session(&self, session: SessionId, visit: &mut dyn FnMut(Item<'_>)) -> Result<(), LoadError> {
        let view = self.read_committed()?;
        Ok(load::load_session(view.tables, &view.txn, session, visit)?)
    }

    fn leases(&self) -> &dyn Leases {
        &self.leases
    }
}

impl Maintenance for Disk {
    fn snapshot(&self, file: &Path) -> Result<Written, ReadError> {
        self.shared.batch.checkpoint_and_wait();
        snapshot::snapshot(&self.map, file)
    }

    fn check(&self) -> Result<Findings, ReadError> {
        let view = self.read_committed()?;
        Ok(check::check(view.tables, &view.txn)?)
    }

    fn contents(&self) -> Result<Contents, ReadError> {
        let view = self.read_committed()?;
        Ok(Contents::count(self.map.env(), view.tables, &view.txn)?)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let is_open = self.writer.get_mut().is_some();
        if let (true, Err(error)) = (is_open, self.close()) {
            tracing::error!(%error, "a store that was not closed before its end could not commit its last changes");
        }
    }
}
