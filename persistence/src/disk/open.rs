//! Opens a folder step by step and creates the engine. Each step has its own error. A file that is not valid is
//! left unchanged.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heed::{Env, EnvOpenOptions, WithoutTls};

use super::checksum::{self, Checksum, Removed};
use super::engine::{Capacity, Engine, Map, Opened, whole_pages};
use super::fault::Fault;
use super::file::{self, Examined};
use super::ids::Ids;
use super::lock::Lock;
use super::secret;
use super::sync_point;
use super::tables::{SCHEMA, SCHEMA_KEY, SCHEMA_MIN, TABLES_MAX, Tables};
use super::timeline::Timeline;
use super::verify;
use crate::access;
use crate::clock::Clocks;
use crate::config::Config;
use crate::error::{OpenError, Reason};

mod data_file;
mod survey;

pub(super) use data_file::create_reader_table;

/// Opens the store in the configured folder. Returns the engine and the id generator.
pub(super) fn open_engine(config: &Config, clocks: Arc<dyn Clocks>) -> Result<(Engine, Arc<Ids>), OpenError> {
    if config.size_initial == 0 || config.size_initial > config.size_max {
        return Err(OpenError::Config("`size_initial` must be above 0 and at most `size_max`"));
    }
    let lock = Arc::new(lock_folder(&config.folder)?);
    let data = config.folder.join(DATA_FILE_NAME);
    sync_point::recover(&config.folder, &data, &*clocks)?;
    let found = data_file::examine_or_create(config, &data)?;
    verify(&data)?;
    let opened = open_or_undo_growth(config, &data, found, &lock)?;
    let ids = Arc::new(Ids::new(opened.id_marks));
    let timeline = Timeline::open(clocks, opened.time_mark, config.downtime_max);
    let mut engine = Engine::new(opened, Arc::clone(&ids), timeline).map_err(engine_error)?;
    engine.replay().map_err(engine_error)?;
    engine.map().hold_cushion();
    Ok((engine, ids))
}

/// Reserves the space of the file, extends the file to the length of the map, and opens it. In this way, no page number
/// in a damaged file can refer to a page after the end of the file. If the file is not valid, its former length is
/// restored.
fn open_or_undo_growth(
    config: &Config,
    data: &Path,
    found: Examined,
    lock: &Arc<Lock>,
) -> Result<Opened, OpenError> {
    let file = File::options().read(true).write(true).open(data).map_err(io_error(data))?;
    let removed = checksum::remove(&file).map_err(io_error(data))?;
    let open = || {
        let allocation = data_file::allocate(&file, found, config).map_err(io_error(data))?;
        let capacity = Capacity::new(allocation, usize::try_from(found.used).unwrap_or(usize::MAX), config);
        let env = open_with_memory(&config.folder, &capacity, found.used)?;
        let tables = open_tables(&env, data)?;
        survey::survey(Arc::new(Map::new(env, tables, config, Arc::clone(lock))), capacity, config)
    };
    let opened = open();
    // If opening failed, the LMDB environment is closed at this point, so the file is no longer mapped.
    if opened.is_err() {
        undo_growth(&file, found.length, removed).map_err(io_error(data))?;
    }
    opened
}

/// Opens the environment. The map includes the reserve, so that a store on a full disk can be opened. If there is not
/// enough memory for that, the map is smaller, down to the pages in use.
fn open_with_memory(folder: &Path, capacity: &Capacity, used: u64) -> Result<Env<WithoutTls>, OpenError> {
    let used = whole_pages(usize::try_from(used).unwrap_or(usize::MAX)).saturating_add(MAP_MARGIN);
    let sizes = [capacity.length(), capacity.size(), used.min(capacity.size())];
    let mut result = open_environment(folder, sizes[0]);
    for size in &sizes[1..] {
        if !matches!(result, Err(OpenError::NoMemory(_))) {
            break;
        }
        result = open_environment(folder, *size);
    }
    result
}

/// Verifies the structure of a data file, after comparing it with its checksum if it is a copied snapshot.
fn verify(data: &Path) -> Result<(), OpenError> {
    match File::open(data).and_then(|file| checksum::check(&file)).map_err(io_error(data))? {
        Checksum::Wrong(fault) => {
            Err(OpenError::DamagedSnapshot { path: data.to_owned(), fault: fault.to_owned() })
        }
        Checksum::Missing | Checksum::Valid => verify::verify(data),
    }
}

/// Restores the length and the checksum of a file that was not opened.
fn undo_growth(file: &File, length: u64, removed: Option<Removed>) -> io::Result<()> {
    file.set_len(length)?;
    removed.map_or(Ok(()), |checksum| checksum.put_back(file))?;
    file.sync_all()
}

/// Creates the folder, checks access to its files, and takes the lock that prevents other processes from opening the
/// store.
pub(super) fn lock_folder(folder: &Path) -> Result<Lock, OpenError> {
    access::create_private_folder(folder).map_err(io_error(folder))?;
    access::check_access(folder)?;
    for name in [
        LOCK_FILE_NAME,
        DATA_FILE_NAME,
        READER_TABLE_FILE_NAME,
        sync_point::FILE_NAME,
        sync_point::INVALIDATED_FILE_NAME,
    ] {
        let path = folder.join(name);
        access::check_access(&path)?;
        access::check_regular(&path).map_err(io_error(&path))?;
    }
    access::check_access(&folder.join(secret::FILE_NAME))?;
    let path = folder.join(LOCK_FILE_NAME);
    let file = access::private_file().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(io_error(&path))?;
    let lock = match Lock::exclusive(file) {
        Ok(lock) => lock,
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => return Err(io_error(&path)(error)),
    };
    remove_reader_table(&folder.join(READER_TABLE_FILE_NAME)).map(|()| lock)
}

/// Removes the reader table of a former process or of another LMDB version. This process holds the lock, so no other
/// owner uses the table.
fn remove_reader_table(table: &Path) -> Result<(), OpenError> {
    access::ignore_missing(fs::remove_file(table)).map_err(io_error(table))
}

/// Makes LMDB open the file in the folder with a map of `size` bytes.
#[allow(unsafe_code)]
fn open_environment(folder: &Path, size: usize) -> Result<Env<WithoutTls>, OpenError> {
    let data = folder.join(DATA_FILE_NAME);
    create_reader_table(&folder.join(READER_TABLE_FILE_NAME))?;
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(size).max_dbs(TABLES_MAX).max_readers(READERS_MAX);
    // SAFETY: this process holds the lock of the store, so no other process changes the file. Its structure was
    // verified after the last change of its header pages, or the file is new: every page number, length and offset that
    // LMDB reads is valid, the pages in use are within the file, and LMDB allocates only pages that no tree uses.
    let env = unsafe { options.open(folder) }.map_err(|error| lmdb_error(&data, error))?;
    let file = env.try_clone_inner_file().map_err(|error| lmdb_error(&data, error))?;
    // The sync is needed because after a failure of an earlier process, the page cache may contain a meta page that is
    // not on the disk.
    file::extend(&file, size).and_then(|()| file.sync_all()).map_err(io_error(&data))?;
    Ok(env)
}

/// Opens the tables of a store, if this version of the program supports its schema.
pub(super) fn open_tables(env: &Env<WithoutTls>, data: &Path) -> Result<Tables, OpenError> {
    match Tables::open(env).map_err(engine_error)? {
        Some(tables) => check_schema(env, tables),
        None => Err(OpenError::NotAStore(data.to_owned(), "it does not have the databases of a store")),
    }
}

fn check_schema(env: &Env<WithoutTls>, tables: Tables) -> Result<Tables, OpenError> {
    let txn = env.read_txn().map_err(|error| engine_error(error.into()))?;
    let schema = tables.meta.schema(&txn).map_err(engine_error)?;
    drop(txn);
    match schema {
        Some(SCHEMA_MIN..=SCHEMA) => Ok(tables),
        Some(found) if found > SCHEMA => Err(OpenError::NewerSchema { found, known: SCHEMA }),
        _ => Err(tables.meta.corrupt(SCHEMA_KEY, "an unknown schema version").into()),
    }
}

pub(super) fn engine_error(fault: Fault) -> OpenError {
    match fault {
        Fault::Corrupt(corrupt) => OpenError::Corrupt(corrupt),
        fault => OpenError::Engine(Reason::from(fault)),
    }
}

pub(super) fn lmdb_error(data: &Path, error: heed::Error) -> OpenError {
    match error {
        heed::Error::Io(source) if source.kind() == io::ErrorKind::OutOfMemory => {
            OpenError::NoMemory(data.to_owned())
        }
        heed::Error::Io(source) => OpenError::Io { path: data.to_owned(), source },
        heed::Error::EnvAlreadyOpened => OpenError::InUse(data.to_owned()),
        error => OpenError::Engine(Reason::Engine(error.to_string())),
    }
}

pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> OpenError + use<> {
    let path: PathBuf = path.to_owned();
    move |source| OpenError::Io { path, source }
}

/// Number of bytes by which the smallest map exceeds the pages in use: room for the first transaction.
const MAP_MARGIN: usize = 4 << 20;
pub(super) const DATA_FILE_NAME: &str = "data.mdb";
/// The subfolder in which a new store is created.
pub(super) const NEW_FOLDER_NAME: &str = "new";
pub(super) const READER_TABLE_FILE_NAME: &str = "lock.mdb";
pub(super) const LOCK_FILE_NAME: &str = "tidegate.lock";
/// Maximum number of concurrent read transactions: LMDB's default, which fits into `READERS_SIZE`. The store uses only
/// a few.
const READERS_MAX: u32 = 126;
