//! A store read without owning it: beside the process that has it, or a snapshot. Nothing is changed but LMDB's table of readers.

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

/// A store that another process may have, or a snapshot, for reading. Each call sees the newest state that is committed.
///
/// Not beside a store that this process has open.
pub struct ReadOnly {
    env: Env<WithoutTls>,
    tables: Tables,
    /// The data file.
    path: PathBuf,
    guard: Guard,
}

/// What keeps the pages from changing while they are read.
enum Guard {
    /// LMDB's table of readers, as long as the owner has the same.
    Owner(Owner),
    /// Nobody has the file, or at least not as a store.
    NoOwner { _lock: Option<Lock> },
}

impl ReadOnly {
    /// Opens the store in that folder beside its owner, if it has one at present.
    ///
    /// # Errors
    /// When there is none, it cannot be read, is not sound, or has to go back to its last sync first.
    pub fn open(folder: &Path) -> Result<Self, ReadError> {
        let mut attempt = 1;
        loop {
            match Self::try_open(folder) {
                // The owner changed length or header between two looks at them.
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
    /// When there is none, it cannot be read or is not sound; when it is the file of a store that somebody has.
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
        let owner = Owner::of(folder)?;
        if sync_point::needs_recovery(folder)? {
            return Err(ReadError::NeedsRecovery(folder.to_owned()));
        }
        let env = environment(folder, EnvFlags::READ_ONLY, length)
            .map_err(|error| open::lmdb_error(&folder.join(READERS), error))?;
        // Readers that were killed have places in the table of readers.
        env.clear_stale_readers().map_err(Fault::from)?;
        let tables = open::tables(&env, &path)?;
        Ok(Self { env, tables, path, guard: Guard::Owner(owner) })
    }

    /// Reads everything and holds it against itself.
    ///
    /// # Errors
    /// When it cannot be read; what is wrong in itself is in the findings.
    pub fn check(&mut self) -> Result<Findings, ReadError> {
        self.read(check::check)
    }

    /// Hands over everything, as [`Store::load`](crate::Store::load) does.
    ///
    /// # Errors
    /// The first record that is not valid, or a fault of the engine.
    pub fn load(&mut self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), ReadError> {
        self.read(|tables, txn| load::load(tables, txn, visit))
    }

    /// Counts what there is: it takes as long as reading the sessions and the retained messages.
    ///
    /// # Errors
    /// A session or retained message that is not valid, or a fault of the engine.
    pub fn contents(&mut self) -> Result<Contents, ReadError> {
        let env = self.env.clone();
        self.read(|tables, txn| Contents::count(&env, tables, txn))
    }

    /// Copies everything to a new file without its holes, for the owner's eyes only, syncs it, and puts it in its place whole.
    ///
    /// # Errors
    /// When the file exists or cannot be written, or the engine cannot read; what was begun is removed.
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

    /// Records and length.
    pub(super) fn written(&mut self) -> Result<Written, ReadError> {
        let records = self.read(|tables, txn| {
            let counts = load::readers(tables).map(|reader| reader.table.len(txn));
            counts.into_iter().try_fold(0, |sum, count| Ok(sum + count?))
        })?;
        Ok(Written { records, bytes: fs::metadata(&self.path).map_err(open::io_error(&self.path))?.len() })
    }

    /// Whether something is in the log that is not in its tables.
    pub(super) fn has_log(&mut self) -> Result<bool, ReadError> {
        Ok(self.first_in_log()?.is_some())
    }

    /// Reads one state, with all that was committed before the call.
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

    /// Waits until the owner has emptied the log, as it does all the time.
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

    /// Begins to read, once the map here is as large as what the owner has committed.
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

    /// Makes the map here as large as the file is now.
    #[allow(unsafe_code)]
    fn remap(&mut self) -> Result<(), Fault> {
        let length = fs::metadata(&self.path)?.len();
        // SAFETY: no transaction is active, for each call has one of its own and needs this object for itself.
        Ok(unsafe { self.env.resize(map_size(length)) }?)
    }

    /// The result, unless the owner began anew meanwhile and knows nothing of this reader.
    fn unless_restarted<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        match &self.guard {
            Guard::Owner(owner) if !owner.is_same() => Err(ReadError::Restarted(owner.folder())),
            Guard::Owner(_) | Guard::NoOwner { .. } => result,
        }
    }
}

/// Examines the header of a data file; gives the length.
fn length(path: &Path, missing: &Path) -> Result<u64, ReadError> {
    match file::examine(path)? {
        Some(length) => Ok(length),
        None if path.exists() => Err(OpenError::NotAStore(path.to_owned(), "it is empty").into()),
        None => Err(ReadError::Missing(missing.to_owned())),
    }
}

/// Lets LMDB open a file for reading.
#[allow(unsafe_code)]
fn environment(path: &Path, flags: EnvFlags, length: u64) -> heed::Result<Env<WithoutTls>> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(map_size(length)).max_dbs(TABLES_MAX);
    // SAFETY: nothing is written. Without LMDB's locks nobody changes the file; with them the owner leaves alone what is read
    // here, and who reads finds out when it was another owner.
    unsafe { options.flags(flags).open(path) }
}

/// Maps the whole file; nothing is read behind its end.
fn map_size(length: u64) -> usize {
    whole_pages(usize::try_from(length).unwrap_or(usize::MAX))
}

/// The file of a store is no snapshot while the store has an owner: holds the store's lock.
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

/// How long an owner has a change in the log alone, and some time to write it; and how often to look.
const CHECKPOINT_WAIT_MAX: Duration = Duration::from_secs(3);
const CHECKPOINT_POLL: Duration = Duration::from_millis(20);
/// How often to look again where the owner was just changing things.
const ATTEMPTS: u32 = 16;
