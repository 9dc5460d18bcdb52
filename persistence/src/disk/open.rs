//! From a folder to an engine, step by step; every step has an error of its own, and none changes a file that is not sound.

use std::fs::{self, File, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heed::{Env, EnvFlags, EnvOpenOptions, WithoutTls};

use super::engine::{Engine, Map, whole_pages};
use super::fault::Fault;
use super::file::{self, Found};
use super::ids::Ids;
use super::tables::{SCHEMA, SCHEMA_KEY, TABLES_MAX, Tables};
use crate::config::{Config, Durability};
use crate::error::{OpenError, Reason};

mod survey;

/// Opens the store in the configured folder; gives the engine, and what hands out numbers.
pub(super) fn engine(config: &Config) -> Result<(Engine, Arc<Ids>), OpenError> {
    if config.size_initial == 0 || config.size_initial > config.size_max {
        return Err(OpenError::Config("the initial size must be above 0 and not above the largest size"));
    }
    let lock = lock(&config.folder)?;
    let data = config.folder.join(DATA);
    let found = file::examine(&data)?;
    let env = environment(config, found)?;
    let tables = tables(&env, &data, found)?;
    let map = Arc::new(Map::new(env, tables, config, lock));
    let opened = survey::survey(map, config)?;
    let ids = Arc::new(Ids::new(opened.marks));
    Ok((Engine::new(opened, Arc::clone(&ids)), ids))
}

/// Makes the folder and takes the lock that keeps other processes out.
fn lock(folder: &Path) -> Result<File, OpenError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    let path = folder.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
    }
    // Readers of a former process, or of another version of LMDB: nobody has it, for we have the lock.
    match fs::remove_file(folder.join(READERS)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(&folder.join(READERS))(error)),
        _ => Ok(file),
    }
}

#[allow(unsafe_code)]
fn environment(config: &Config, found: Found) -> Result<Env<WithoutTls>, OpenError> {
    let length = match found {
        Found::Nothing => 0,
        Found::Data { length } => usize::try_from(length).unwrap_or(usize::MAX),
    };
    let size = whole_pages(length.max(config.size_initial));
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(size).max_dbs(TABLES_MAX).max_readers(READERS_MAX);
    if let Durability::Interval(_) = config.durability {
        // SAFETY: without LMDB's syncs a power failure can mix states; the anchor brings the last synced one back.
        unsafe { options.flags(EnvFlags::NO_SYNC) };
    }
    // SAFETY: the folder's lock is ours, so nobody else changes the file, and its header was examined.
    let env = unsafe { options.open(&config.folder) }.map_err(|error| failed(config, error))?;
    let file = env.try_clone_inner_file().map_err(|error| failed(config, error))?;
    file::extend(&file, size).map_err(at(&config.folder.join(DATA)))?;
    Ok(env)
}

/// Opens the tables of a store whose schema is known here; makes them in a new file.
fn tables(env: &Env<WithoutTls>, data: &Path, found: Found) -> Result<Tables, OpenError> {
    if let Some(tables) = Tables::open(env).map_err(engine_gave_up)? {
        return check_schema(env, tables);
    }
    let in_use = env.info().last_txn_id > 0;
    if in_use && found != Found::Nothing {
        return Err(OpenError::NotAStore(data.to_owned(), "it has other databases"));
    }
    Tables::create(env, &secret()).map_err(engine_gave_up)?;
    let tables = Tables::open(env).map_err(engine_gave_up)?;
    tables.ok_or_else(|| OpenError::NotAStore(data.to_owned(), "its databases are not there"))
}

fn check_schema(env: &Env<WithoutTls>, tables: Tables) -> Result<Tables, OpenError> {
    let txn = env.read_txn().map_err(|error| engine_gave_up(error.into()))?;
    let schema = tables.meta.get(&txn, SCHEMA_KEY).map_err(engine_gave_up)?;
    let schema = schema.and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    drop(txn);
    match schema {
        Some(SCHEMA) => Ok(tables),
        Some(found) if found > SCHEMA => Err(OpenError::NewerSchema { found, known: SCHEMA }),
        _ => Err(tables.meta.corrupt(SCHEMA_KEY, "no schema version that ever was").into()),
    }
}

fn engine_gave_up(fault: Fault) -> OpenError {
    match fault {
        Fault::Corrupt(corrupt) => OpenError::Corrupt(corrupt),
        fault => OpenError::Engine(Reason::from(fault)),
    }
}

fn failed(config: &Config, error: heed::Error) -> OpenError {
    match error {
        heed::Error::Io(source) => OpenError::Io { path: config.folder.join(DATA), source },
        heed::Error::EnvAlreadyOpened => OpenError::InUse(config.folder.clone()),
        error => OpenError::Engine(Reason::Engine(error.to_string())),
    }
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> OpenError + use<> {
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
const READERS: &str = "lock.mdb";
const LOCK: &str = "tidegate.lock";
const READERS_MAX: u32 = 126;
