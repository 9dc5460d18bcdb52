//! Reads a store without owning it: the store of a running broker, or a snapshot. Only LMDB's reader table is
//! changed.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use heed::{Env, EnvFlags, EnvOpenOptions, RoTxn, WithoutTls};

use super::engine::whole_pages;
use super::fault::Fault;
use super::lock::Lock;
use super::log::Log;
use super::open::{self, DATA, LOCK, READERS};
use super::snapshot::{PartialSnapshot, Written};
use super::tables::{TABLES_MAX, Tables};
use super::{check, file, load, sync_point};
use crate::error::{OpenError, ReadError};
use crate::store::{Findings, Item, Progress};

mod contents;
mod owner;

pub use contents::{Contents, TenantContents};
use owner::Owner;

/// A read-only view of a snapshot, or of a store that another process may have open. Each call reads the newest
/// committed state.
///
/// Must not be used on a store that this process has open.
pub struct ReadOnly {
    env: Env<WithoutTls>,
    tables: Tables,
    /// The data file.
    path: PathBuf,
    guard: Guard,
}

/// Makes sure that the pages do not change while they are read.
enum Guard {
    /// LMDB's reader table protects the pages, as long as the owner has not replaced the table.
    Owner(Owner),
    /// The file has no owner, or it is not the file of a store.
    NoOwner { _lock: Option<Lock> },
}

impl ReadOnly {
    /// Opens the store in that folder. Another process may have it open.
    ///
    /// # Errors
    /// When there is no store, it cannot be read, it is damaged, or it needs recovery first.
    pub fn open(folder: &Path) -> Result<Self, ReadError> {
        let mut attempt = 1;
        loop {
            match Self::try_open(folder) {
                // The owner changed the length or the header between two reads.
                Err(ReadError::Open(OpenError::Truncated { .. } | OpenError::Engine(_)))
                    if attempt < ATTEMPTS => {}
                result => return result,
            }
            attempt += 1;
        }
    }

    /// Opens a snapshot.
    ///
    /// # Errors
    /// When there is no file, it cannot be read or is damaged, or it is the data file of a store that is open.
    pub fn snapshot(path: &Path) -> Result<Self, ReadError> {
        let guard = Guard::NoOwner { _lock: lock_out_owner(path)? };
        let length = length(path, path)?;
        let env = environment(path, EnvFlags::READ_ONLY | EnvFlags::NO_SUB_DIR | EnvFlags::NO_LOCK, length)
            .map_err(|error| open::lmdb_error(path, error))?;
        let tables = open::tables(&env, path)?;
        Ok(Self { env, tables, path: path.to_owned(), guard })
    }

    fn try_open(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(DATA);
        let length = length(&path, folder)?;
        let owner = Owner::current(folder)?;
        if sync_point::needs_recovery(folder)? {
            return Err(ReadError::NeedsRecovery(folder.to_owned()));
        }
        let env = environment(folder, EnvFlags::READ_ONLY, length)
            .map_err(|error| open::lmdb_error(&folder.join(READERS), error))?;
        // Killed readers still occupy places in the reader table.
        env.clear_stale_readers().map_err(Fault::from)?;
        let tables = open::tables(&env, &path)?;
        Ok(Self { env, tables, path, guard: Guard::Owner(owner) })
    }

    /// Checks that all records are valid and consistent with each other.
    ///
    /// # Errors
    /// When the store cannot be read. Invalid or inconsistent records are not errors; they are listed in the
    /// findings.
    pub fn check(&mut self) -> Result<Findings, ReadError> {
        self.read(check::check)
    }

    /// Passes every record to `visit`, as [`Store::load`](crate::Store::load) does.
    ///
    /// # Errors
    /// The first record that is not valid, or an error of the engine.
    pub fn load(&mut self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), ReadError> {
        self.read(|tables, txn| load::load(tables, txn, visit))
    }

    /// Counts the records. Takes as long as reading all sessions and retained messages.
    ///
    /// # Errors
    /// A session or retained message that is not valid, or an error of the engine.
    pub fn contents(&mut self) -> Result<Contents, ReadError> {
        let env = self.env.clone();
        self.read(|tables, txn| Contents::count(&env, tables, txn))
    }

    /// Copies the store to a new file without free pages, readable by its owner only. The copy is synced and
    /// then moved to `target` atomically.
    ///
    /// # Errors
    /// When the file exists or cannot be written, or the store cannot be read. The incomplete copy is removed.
    pub fn copy_to(&mut self, target: &Path) -> Result<Written, ReadError> {
        let mut copy = PartialSnapshot::begin(target)?;
        let env = self.env.clone();
        let filled = self.with_current_map(|| copy.fill(&env));
        self.unless_restarted(filled.map_err(ReadError::from))?;
        drop(env);
        copy.apply_log()?;
        let written = Self::snapshot(copy.path())?.written()?;
        copy.publish()?;
        Ok(written)
    }

    /// Counts the records and bytes of the file.
    pub(super) fn written(&mut self) -> Result<Written, ReadError> {
        let records = self.read(|tables, txn| {
            let counts = load::readers(tables).map(|reader| reader.table.len(txn));
            counts.into_iter().try_fold(0, |sum, count| Ok(sum + count?))
        })?;
        Ok(Written { records, bytes: fs::metadata(&self.path).map_err(open::io_error(&self.path))?.len() })
    }

    /// Whether the log is not empty.
    pub(super) fn has_log(&mut self) -> Result<bool, ReadError> {
        Ok(self.first_in_log()?.is_some())
    }

    /// Reads one state, which includes everything committed before the call.
    fn read<T>(
        &mut self,
        read: impl FnOnce(&Tables, &RoTxn<'_>) -> Result<T, Fault>,
    ) -> Result<T, ReadError> {
        self.await_checkpoint()?;
        let env = self.env.clone();
        let done = match self.with_current_map(|| Ok(env.read_txn()?)) {
            Ok(txn) => read(&self.tables, &txn),
            Err(fault) => Err(fault),
        };
        self.unless_restarted(done.map_err(ReadError::from))
    }

    /// Waits until the owner has emptied the log, which it does every second.
    fn await_checkpoint(&mut self) -> Result<(), ReadError> {
        let Guard::Owner(owner) = &self.guard else { return Ok(()) };
        let (folder, began) = (owner.folder(), Instant::now());
        let first = self.first_in_log()?;
        while first.is_some() && self.first_in_log()? == first {
            if began.elapsed() > CHECKPOINT_WAIT_MAX {
                return self.unless_restarted(Err(ReadError::LogNotEmptied(folder)));
            }
            thread::sleep(CHECKPOINT_POLL);
        }
        Ok(())
    }

    fn first_in_log(&mut self) -> Result<Option<u64>, ReadError> {
        let env = self.env.clone();
        let txn = self.with_current_map(|| Ok(env.read_txn()?))?;
        Ok(Log::first(&self.tables.meta, &txn)?)
    }

    /// Calls `begin`, and resizes the map here whenever it is smaller than what the owner has committed.
    fn with_current_map<T>(&mut self, mut begin: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut attempt = 1;
        loop {
            match begin() {
                Err(Fault::MapOutgrown) if attempt < ATTEMPTS => self.remap()?,
                result => return result,
            }
            attempt += 1;
        }
    }

    /// Resizes the map here to the length of the file.
    #[allow(unsafe_code)]
    fn remap(&mut self) -> Result<(), Fault> {
        let length = fs::metadata(&self.path)?.len();
        // SAFETY: no transaction is active: every method begins its own, and this one has exclusive access to
        // `self`.
        Ok(unsafe { self.env.resize(map_size(length)) }?)
    }

    /// Returns the result, or an error if the owner restarted meanwhile and therefore does not know this
    /// reader.
    fn unless_restarted<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        match &self.guard {
            Guard::Owner(owner) if !owner.is_same() => Err(ReadError::Restarted(owner.folder())),
            Guard::Owner(_) | Guard::NoOwner { .. } => result,
        }
    }
}

/// Examines the header of a data file; returns its length.
fn length(path: &Path, missing: &Path) -> Result<u64, ReadError> {
    match file::examine(path)? {
        Some(found) => Ok(found.length),
        None if path.exists() => Err(OpenError::NotAStore(path.to_owned(), "it is empty").into()),
        None => Err(ReadError::Missing(missing.to_owned())),
    }
}

/// Lets LMDB open a file for reading.
#[allow(unsafe_code)]
fn environment(path: &Path, flags: EnvFlags, length: u64) -> heed::Result<Env<WithoutTls>> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(map_size(length)).max_dbs(TABLES_MAX);
    // SAFETY: nothing is written. Without LMDB's locks, no process changes the file. With them, the owner does
    // not reuse the pages that are read here, and a change of the owner is detected after the read.
    unsafe { options.flags(flags).open(path) }
}

/// The size of a map of the whole file. Nothing behind the end of the file is read.
fn map_size(length: u64) -> usize {
    whole_pages(usize::try_from(length).unwrap_or(usize::MAX))
}

/// The data file of a store is not a snapshot while the store is open: takes the lock of the store, if there is
/// one.
fn lock_out_owner(path: &Path) -> Result<Option<Lock>, OpenError> {
    let lock = path.with_file_name(LOCK);
    if path.file_name().is_none_or(|name| name != DATA) {
        return Ok(None);
    }
    let file = match File::open(&lock) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(open::io_error(&lock))?,
    };
    match Lock::shared(file) {
        Ok(lock) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(open::io_error(&lock)(error)),
    }
}

/// How long to wait for a checkpoint: an owner makes one every second, and needs some time to write it. And how
/// often to check.
const CHECKPOINT_WAIT_MAX: Duration = Duration::from_secs(3);
const CHECKPOINT_POLL: Duration = Duration::from_millis(20);
/// How often to retry while the owner is changing the file.
const ATTEMPTS: u32 = 16;
