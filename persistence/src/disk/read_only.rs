//! Reads the store of a running broker or a snapshot, without taking the store's lock. The only file that may be
//! changed is LMDB's reader table.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use heed::{Env, RoTxn, WithoutTls};

use super::checksum::Checksum;
use super::engine::whole_pages;
use super::fault::Fault;
use super::lock::Lock;
use super::log::Log;
use super::open;
use super::snapshot::{PartialSnapshot, Written};
use super::tables::Tables;
use super::{check, load};
use crate::error::ReadError;
use crate::store::{Findings, Item, Progress};

mod contents;
mod opening;
mod owner;
mod private_folder;

pub use contents::{Contents, TenantContents};
use owner::Owner;
use private_folder::PrivateFolder;

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
    checksum: Checksum,
    /// The folder of a private copy, which is removed after the file is closed.
    _copy: Option<PrivateFolder>,
}

/// The way in which pages are protected from changes while they are read.
enum Guard {
    /// LMDB's reader table protects the pages, as long as the process that owns the store has not replaced the table.
    Owner(Owner),
    /// No process has the store open, or the file is not the data file of a store.
    NoOwner { _lock: Option<Lock> },
}

impl ReadOnly {
    /// Whether the file has a checksum. Stores, and snapshots made by earlier versions of Tidegate, have no checksum.
    #[must_use]
    pub fn has_checksum(&self) -> bool {
        self.checksum == Checksum::Valid
    }

    /// Checks that all records are valid and consistent with each other.
    ///
    /// # Errors
    /// When the store cannot be read. Invalid or inconsistent records are not errors; they are listed in the
    /// findings.
    pub fn check(&mut self) -> Result<Findings, ReadError> {
        self.read(check::check)
    }

    /// Passes every record to `visit`, as [`Directory::load`](crate::Directory::load) does.
    ///
    /// # Errors
    /// When a record is not valid (the first one is reported), or the file cannot be read.
    pub fn load(&mut self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), ReadError> {
        self.read(|tables, txn| load::load(tables, txn, visit))
    }

    /// Counts the records. Takes as long as reading all sessions and retained messages.
    ///
    /// # Errors
    /// When a session or a retained message is not valid, or the file cannot be read.
    pub fn contents(&mut self) -> Result<Contents, ReadError> {
        let env = self.env.clone();
        self.read(|tables, txn| Contents::count(&env, tables, txn))
    }

    /// Copies the store, without its free pages, to a new file that only its owner can read. The copy is synced and
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
        copy.finish()
    }

    /// Returns the number of records and bytes of the file.
    pub(super) fn written(&mut self) -> Result<Written, ReadError> {
        let records = self.read(|tables, txn| {
            let counts = load::table_readers(tables).map(|reader| reader.table.len(txn));
            counts.into_iter().try_fold(0, |sum, count| Ok(sum + count?))
        })?;
        Ok(Written { records, bytes: fs::metadata(&self.path).map_err(open::io_error(&self.path))?.len() })
    }

    /// Whether the log is not empty.
    pub(super) fn has_log(&mut self) -> Result<bool, ReadError> {
        Ok(self.first_in_log()?.is_some())
    }

    /// Reads one consistent state, which includes everything committed before the call.
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

    /// Waits until the process that owns the store has made a checkpoint, which it does every second. The tables then
    /// include everything committed before the call.
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

    /// Calls `begin`. If the owner of the store has committed pages after the end of this process's map, enlarges the
    /// map and calls `begin` again.
    fn with_current_map<T>(&mut self, mut begin: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut attempt = 1;
        loop {
            match begin() {
                Err(Fault::MapOutgrown) if attempt < ATTEMPTS_MAX => self.remap()?,
                result => return result,
            }
            attempt += 1;
        }
    }

    /// Resizes the map of this process to the length of the file.
    #[allow(unsafe_code)]
    fn remap(&mut self) -> Result<(), Fault> {
        let length = fs::metadata(&self.path)?.len();
        // SAFETY: no transaction is active: every method begins its own transaction, and this method has exclusive
        // access to `self`. The pages that the owner has committed since the verification were written by LMDB.
        Ok(unsafe { self.env.resize(map_size(length)) }?)
    }

    /// Returns the result, or an error if the owner of the store has restarted since reading began: the new reader
    /// table does not protect the pages that this process reads.
    fn unless_restarted<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        match &self.guard {
            Guard::Owner(owner) if !owner.is_same() => Err(ReadError::Restarted(owner.folder())),
            Guard::Owner(_) | Guard::NoOwner { .. } => result,
        }
    }
}

/// Returns the size of a map of the whole file. Nothing after the end of the file is read.
fn map_size(length: u64) -> usize {
    whole_pages(usize::try_from(length).unwrap_or(usize::MAX))
}

/// Maximum time to wait for a checkpoint. The owner of the store makes a checkpoint every second, and needs some time
/// for it.
const CHECKPOINT_WAIT_MAX: Duration = Duration::from_secs(3);
/// Time between two reads of the log: short compared with the second between two checkpoints.
const CHECKPOINT_POLL: Duration = Duration::from_millis(20);
/// Maximum number of attempts to open the file or to learn its length while the owner of the store changes the file.
const ATTEMPTS_MAX: u32 = 16;
