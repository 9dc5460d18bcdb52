//! From a folder to an engine, step by step; every step has an error of its own, and none changes a file that is not sound.

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heed::{Env, EnvOpenOptions, WithoutTls};

use super::engine::{Engine, Map, Opened, whole_pages};
use super::fault::Fault;
use super::file;
use super::ids::Ids;
use super::lock::Lock;
use super::sync_point;
use super::tables::{SCHEMA, SCHEMA_KEY, SCHEMA_WITHOUT_LOG, TABLES_MAX, Tables};
use crate::config::Config;
use crate::error::{OpenError, Reason};

mod survey;

/// Opens the store in the configured folder; gives the engine, and what hands out numbers.
pub(super) fn engine(config: &Config) -> Result<(Engine, Arc<Ids>), OpenError> {
    if config.size_initial == 0 || config.size_initial > config.size_max {
        return Err(OpenError::Config("the initial size must be above 0 and not above the largest size"));
    }
    let lock = Arc::new(lock(&config.folder)?);
    let data = config.folder.join(DATA);
    sync_point::recover(&config.folder, &data)?;
    let size = ensure_data_file(config, &data)?;
    let opened = open_or_undo_growth(config, &data, size, &lock)?;
    let ids = Arc::new(Ids::new(opened.marks));
    let mut engine = Engine::new(opened, Arc::clone(&ids)).map_err(engine_error)?;
    engine.replay().map_err(engine_error)?;
    Ok((engine, ids))
}

/// Opens the file, made as long as the map of `size`, so that no page that a broken one names is without a file behind it. A file
/// that is not sound has its former length afterwards.
fn open_or_undo_growth(
    config: &Config,
    data: &Path,
    size: usize,
    lock: &Arc<Lock>,
) -> Result<Opened, OpenError> {
    let file = File::options().write(true).open(data).map_err(io_error(data))?;
    let former = file.metadata().map_err(io_error(data))?.len();
    let opened = environment(&config.folder, size).and_then(|env| {
        let tables = tables(&env, data)?;
        survey::survey(Arc::new(Map::new(env, tables, config, Arc::clone(lock))), config)
    });
    // Here the map of one that did not open is gone.
    if opened.is_err() {
        file.set_len(former).and_then(|()| file.sync_all()).map_err(io_error(data))?;
    }
    opened
}

/// Makes sure that there is a file; gives the size of its map. A file that was above the limit, by the reserve, comes back to it;
/// LMDB maps at least what is in use.
fn ensure_data_file(config: &Config, data: &Path) -> Result<usize, OpenError> {
    let initial = whole_pages(config.size_initial);
    match file::examine(data)? {
        Some(length) => {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            Ok(whole_pages(length.min(config.size_max)).max(initial))
        }
        None => create(&config.folder, initial).map(|()| initial),
    }
}

/// Makes the folder and takes the lock that keeps other processes out.
pub(super) fn lock(folder: &Path) -> Result<Lock, OpenError> {
    fs::create_dir_all(folder).map_err(io_error(folder))?;
    let path = folder.join(LOCK);
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(io_error(&path))?;
    let lock = match Lock::exclusive(file) {
        Ok(lock) => lock,
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => return Err(io_error(&path)(error)),
    };
    // Readers of a former process, or of another version of LMDB: nobody has it, for we have the lock.
    match fs::remove_file(folder.join(READERS)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io_error(&folder.join(READERS))(error)),
        _ => Ok(lock),
    }
}

/// Lets LMDB open the file in the folder, with a map of that size.
#[allow(unsafe_code)]
fn environment(folder: &Path, size: usize) -> Result<Env<WithoutTls>, OpenError> {
    let data = folder.join(DATA);
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(size).max_dbs(TABLES_MAX).max_readers(READERS_MAX);
    // SAFETY: the store's lock is ours, so nobody else changes the file, and its header was examined.
    let env = unsafe { options.open(folder) }.map_err(|error| lmdb_error(&data, error))?;
    let file = env.try_clone_inner_file().map_err(|error| lmdb_error(&data, error))?;
    // Synced, for a former owner may have failed with a meta page that the cache has and the disk has not.
    file::extend(&file, size).and_then(|()| file.sync_all()).map_err(io_error(&data))?;
    Ok(env)
}

/// Makes an empty store in a folder within, then moves it to its place: it is there whole or not at all.
fn create(folder: &Path, size: usize) -> Result<(), OpenError> {
    let new = folder.join(NEW);
    match fs::remove_dir_all(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io_error(&new)(error)),
        _ => fs::create_dir(&new).map_err(io_error(&new))?,
    }
    let env = environment(&new, size)?;
    Tables::create(&env, &secret()).map_err(engine_error)?;
    env.prepare_for_closing().wait();
    fs::rename(new.join(DATA), folder.join(DATA)).map_err(io_error(folder))?;
    File::open(folder).and_then(|file| file.sync_all()).map_err(io_error(folder))?;
    fs::remove_dir_all(&new).map_err(io_error(&new))
}

/// Opens the tables of a store whose schema is known here.
pub(super) fn tables(env: &Env<WithoutTls>, data: &Path) -> Result<Tables, OpenError> {
    match Tables::open(env).map_err(engine_error)? {
        Some(tables) => check_schema(env, tables),
        None => Err(OpenError::NotAStore(data.to_owned(), "it has other databases")),
    }
}

fn check_schema(env: &Env<WithoutTls>, tables: Tables) -> Result<Tables, OpenError> {
    let txn = env.read_txn().map_err(|error| engine_error(error.into()))?;
    let schema = tables.meta.schema(&txn).map_err(engine_error)?;
    drop(txn);
    match schema {
        Some(SCHEMA | SCHEMA_WITHOUT_LOG) => Ok(tables),
        Some(found) if found > SCHEMA => Err(OpenError::NewerSchema { found, known: SCHEMA }),
        _ => Err(tables.meta.corrupt(SCHEMA_KEY, "no schema version that ever was").into()),
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
        heed::Error::Io(source) => OpenError::Io { path: data.to_owned(), source },
        heed::Error::EnvAlreadyOpened => OpenError::InUse(data.to_owned()),
        error => OpenError::Engine(Reason::Engine(error.to_string())),
    }
}

pub(super) fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> OpenError + use<> {
    let path: PathBuf = path.to_owned();
    move |source| OpenError::Io { path, source }
}

/// Random bytes, of the kind that protects hash maps.
fn secret() -> [u8; 16] {
    let random = || RandomState::new().build_hasher().finish().to_ne_bytes();
    let mut secret = [0; 16];
    let (first, second) = secret.split_at_mut(8);
    first.copy_from_slice(&random());
    second.copy_from_slice(&random());
    secret
}

pub(super) const DATA: &str = "data.mdb";
/// Where a new store is made.
pub(super) const NEW: &str = "new";
pub(super) const READERS: &str = "lock.mdb";
pub(super) const LOCK: &str = "tidegate.lock";
const READERS_MAX: u32 = 126;
