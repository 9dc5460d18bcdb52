//! Opens a store or a snapshot for reading, after verifying its structure.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use heed::{Env, EnvFlags, EnvOpenOptions, WithoutTls};
use rustix::fs::{StatVfsMountFlags, statvfs};

use super::owner::Owner;
use super::private_folder::PrivateFolder;
use super::{ATTEMPTS_MAX, Guard, ReadOnly, map_size};
use crate::access;
use crate::clock::SystemClocks;
use crate::disk::checksum::{self, Checksum};
use crate::disk::fault::Fault;
use crate::disk::lock::Lock;
use crate::disk::open::{self, DATA_FILE_NAME, LOCK_FILE_NAME, READER_TABLE_FILE_NAME};
use crate::disk::tables::TABLES_MAX;
use crate::disk::verify::{self, Headers};
use crate::disk::{file, sync_point};
use crate::error::{OpenError, ReadError};

impl ReadOnly {
    /// Opens the store in a folder. Another process may have the store open.
    ///
    /// # Errors
    /// When there is no store, or the store cannot be read, is damaged or needs recovery first.
    pub fn open(folder: &Path) -> Result<Self, ReadError> {
        let mut attempt = 1;
        loop {
            match Self::try_open(folder) {
                // The owner changed the length or the header between two reads.
                Err(ReadError::Open(OpenError::Truncated { .. } | OpenError::Engine(_)))
                    if attempt < ATTEMPTS_MAX => {}
                result => return result,
            }
            attempt += 1;
        }
    }

    /// Opens a snapshot. Its checksum and its structure are verified first.
    ///
    /// # Errors
    /// When there is no file, or the file cannot be read, is damaged or is the data file of an open store.
    pub fn open_snapshot(path: &Path) -> Result<Self, ReadError> {
        Self::without_owner(path, path).map_err(ReadError::of_snapshot)
    }

    /// Opens a file that no process changes while it is open. `missing` is the path that the error names if there is no
    /// file.
    fn without_owner(path: &Path, missing: &Path) -> Result<Self, ReadError> {
        let guard = Guard::NoOwner { _lock: lock_out_owner(path)? };
        let length = file_length(path, missing)?;
        let checksum = verify_checksum(path)?;
        verify::verify(path)?;
        let env =
            open_environment(path, EnvFlags::READ_ONLY | EnvFlags::NO_SUB_DIR | EnvFlags::NO_LOCK, length)
                .map_err(|error| open::lmdb_error(path, error))?;
        let tables = open::open_tables(&env, path)?;
        Ok(Self { env, tables, path: path.to_owned(), guard, checksum, _copy: None })
    }

    /// Opens the store in a folder on a read-only file system, where this process cannot register as a reader.
    fn open_on_read_only_disk(folder: &Path) -> Result<Self, ReadError> {
        refuse_recovery(folder)?;
        let mut source =
            Self::without_owner(&folder.join(DATA_FILE_NAME), folder).map_err(|error| match error {
                ReadError::Open(OpenError::InUse(_)) => ReadError::CannotRegister(folder.to_owned()),
                error => error,
            })?;
        if !source.has_log()? {
            return Ok(source);
        }
        // The file is read-only, so the log is applied to a private copy.
        let private = PrivateFolder::create()?;
        let copy = private.path().join(DATA_FILE_NAME);
        source.copy_to(&copy)?;
        Ok(Self { _copy: Some(private), ..Self::without_owner(&copy, &copy)? })
    }

    fn try_open(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(DATA_FILE_NAME);
        let length = file_length(&path, folder)?;
        if is_read_only(folder)? {
            return Self::open_on_read_only_disk(folder);
        }
        let owner = Owner::current(folder)?;
        refuse_recovery(folder)?;
        let env = open_environment(folder, EnvFlags::READ_ONLY, length)
            .map_err(|error| open::lmdb_error(&folder.join(READER_TABLE_FILE_NAME), error))?;
        // Readers that were killed still occupy slots in the reader table.
        env.clear_stale_readers().map_err(Fault::from)?;
        verify_newest(&env, &path)?;
        let tables = open::open_tables(&env, &path)?;
        let (guard, checksum) = (Guard::Owner(owner), Checksum::Missing);
        Ok(Self { env, tables, path, guard, checksum, _copy: None })
    }
}

/// Returns an error if the store needs recovery, because only the owner of a store can return it to a sync point.
fn refuse_recovery(folder: &Path) -> Result<(), ReadError> {
    if sync_point::needs_recovery(folder, &SystemClocks)? {
        return Err(ReadError::NeedsRecovery(folder.to_owned()));
    }
    Ok(())
}

/// Checks the header of a data file and returns the length of the file.
fn file_length(path: &Path, missing: &Path) -> Result<u64, ReadError> {
    match file::examine(path)? {
        Some(found) => Ok(found.length),
        None => Err(ReadError::Missing(missing.to_owned())),
    }
}

/// Compares a file with its checksum, if it has one.
fn verify_checksum(path: &Path) -> Result<Checksum, ReadError> {
    match File::open(path).and_then(|file| checksum::check(&file)).map_err(open::io_error(path))? {
        Checksum::Wrong(fault) => {
            Err(ReadError::DamagedSnapshot { path: path.to_owned(), fault: fault.to_owned() })
        }
        checksum => Ok(checksum),
    }
}

/// Verifies the structure of the newest state while the owner of the store may commit further states. The read
/// transaction that is opened here prevents the owner from reusing the pages of this state and of newer states.
fn verify_newest(env: &Env<WithoutTls>, path: &Path) -> Result<(), OpenError> {
    let open_error = |error| verify::into_open_error(path, error);
    let file = File::open(path).map_err(open::io_error(path))?;
    let _pages_in_use = env.read_txn().map_err(|error| open::engine_error(error.into()))?;
    let began = Instant::now();
    loop {
        if let Some(headers) = Headers::read_newest(&file).map_err(open_error)? {
            return verify::verify_state(&file, &headers, headers.newest()).map_err(open_error);
        }
        // The owner was writing a header.
        if began.elapsed() > HEADER_WAIT_MAX {
            return Err(OpenError::Busy(path.to_owned()));
        }
        thread::yield_now();
    }
}

/// Whether the folder is on a file system that is mounted read-only.
fn is_read_only(folder: &Path) -> Result<bool, OpenError> {
    let stat = statvfs(folder).map_err(|errno| open::io_error(folder)(errno.into()))?;
    Ok(stat.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// Makes LMDB open a file for reading.
#[allow(unsafe_code)]
fn open_environment(path: &Path, flags: EnvFlags, length: u64) -> heed::Result<Env<WithoutTls>> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(map_size(length)).max_dbs(TABLES_MAX);
    // SAFETY: nothing is written. If the file is opened without LMDB's locks, no process changes it, and its structure
    // was verified. If it is opened with LMDB's locks, only the header pages and the reader table are read until the
    // structure is verified; the owner of the store does not reuse the pages that are read here, and a change of the
    // owner is detected after the read. Therefore no damaged page, and no page after the end of the file, is ever used
    // through the map.
    unsafe { options.flags(flags).open(path) }
}

/// Takes a shared lock on the store if the file is the data file of a store, so that no broker can open the store while
/// the lock is held. Fails if a broker has it open.
fn lock_out_owner(path: &Path) -> Result<Option<Lock>, OpenError> {
    let lock = path.with_file_name(LOCK_FILE_NAME);
    if path.file_name().is_none_or(|name| name != DATA_FILE_NAME) {
        return Ok(None);
    }
    let file = match access::check_regular(&lock).and_then(|()| File::open(&lock)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(open::io_error(&lock))?,
    };
    match Lock::shared(file) {
        Ok(lock) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(open::io_error(&lock)(error)),
    }
}

/// Maximum time to wait for headers that do not change while they are read. A commit of the owner takes far longer than
/// reading the headers, so the first or second attempt nearly always succeeds.
const HEADER_WAIT_MAX: Duration = Duration::from_secs(1);
