//! Creates the data file, and reserves disk space for it and for LMDB's reader table before LMDB maps them. On a full
//! disk, a write to a mapped page without reserved space would end the process.

use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Result as IoResult};
use std::path::Path;

use super::{DATA_FILE_NAME, NEW_FOLDER_NAME, engine_error, io_error, open_environment};
use crate::access;
use crate::config::Config;
use crate::disk::allocation::{self, Allocation, available};
use crate::disk::engine::{initial_length, whole_pages};
use crate::disk::file::{self, Examined};
use crate::disk::tables::Tables;
use crate::error::OpenError;

/// Examines the data file. If the file does not exist, creates it.
pub(super) fn examine_or_create(config: &Config, data: &Path) -> Result<Examined, OpenError> {
    match file::examine(data)? {
        Some(found) => Ok(found),
        None => create(config, data),
    }
}

/// Creates an empty store in a subfolder, then moves the data file to its final path atomically.
fn create(config: &Config, data: &Path) -> Result<Examined, OpenError> {
    let (folder, new) = (&config.folder, config.folder.join(NEW_FOLDER_NAME));
    access::ignore_missing(fs::remove_dir_all(&new)).map_err(io_error(&new))?;
    access::create_new_private_folder(&new).map_err(io_error(&new))?;
    if let Err(error) = create_in(&new, config) {
        // On a full disk, the incomplete store would occupy space without use.
        let _ = fs::remove_dir_all(&new);
        return Err(error);
    }
    fs::rename(new.join(DATA_FILE_NAME), data).map_err(io_error(folder))?;
    File::open(folder).and_then(|file| file.sync_all()).map_err(io_error(folder))?;
    fs::remove_dir_all(&new).map_err(io_error(&new))?;
    file::examine(data)?.ok_or_else(|| OpenError::Empty(data.to_owned()))
}

fn create_in(new: &Path, config: &Config) -> Result<(), OpenError> {
    let data = new.join(DATA_FILE_NAME);
    let file = access::private_file().create_new(true).write(true).open(&data).map_err(io_error(&data))?;
    let length = allocate_new(&file, config).map_err(io_error(&data))?;
    let env = open_environment(new, length)?;
    Tables::create(&env, &random_secret()).map_err(engine_error)?;
    env.prepare_for_closing().wait();
    Ok(())
}

/// Reserves the space of a new file, at most half of the free disk space, and returns its future length. The file stays
/// empty until LMDB opens it, because LMDB creates a new database only in an empty file.
fn allocate_new(file: &File, config: &Config) -> IoResult<usize> {
    let half = usize::try_from(available(file)? / 2).unwrap_or(usize::MAX);
    let length = initial_length(config).min(whole_pages(half.max(LENGTH_MIN)));
    allocation::reserve(file, 0, length)?;
    Ok(length)
}

/// Reserves the space of an existing file. Extends a file that is shorter than a new data file, if the extension takes
/// at most half of the free disk space.
pub(super) fn allocate(file: &File, mut found: Examined, config: &Config) -> IoResult<Allocation> {
    if available(file)? < OPENING_SPACE && found.length - found.used >= 2 * OPENING_SPACE {
        // Opening a store creates files of a few pages. On a full disk, the data file is shortened by the size of these
        // new files, which reduces the reserve.
        found.length -= OPENING_SPACE;
        file.set_len(found.length)?;
    }
    let mut allocation = Allocation::of_existing(file.try_clone()?, found)?;
    let length = initial_length(config);
    let missing = length.saturating_sub(allocation.length());
    if available(file)? / 2 >= u64::try_from(missing).unwrap_or(u64::MAX) {
        allocation.extend(length)?;
    }
    Ok(allocation)
}

/// Creates the file of LMDB's reader table, with disk space for the whole table. An existing reader table may be in
/// use, so it is left unchanged.
pub(in crate::disk) fn create_reader_table(path: &Path) -> Result<(), OpenError> {
    let create = || {
        let file = match access::private_file().create_new(true).write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
            file => file?,
        };
        let allocated = allocation::reserve(&file, 0, READERS_SIZE);
        let extended = allocated.and_then(|()| file::extend(&file, READERS_SIZE));
        extended.or_else(|error| fs::remove_file(path).and(Err(error)))
    };
    create().map_err(io_error(path))
}

/// Returns random bytes from the generator that seeds the hash maps of the standard library.
fn random_secret() -> [u8; 16] {
    let random = || RandomState::new().build_hasher().finish().to_ne_bytes();
    let mut secret = [0; 16];
    let (first, second) = secret.split_at_mut(8);
    first.copy_from_slice(&random());
    second.copy_from_slice(&random());
    secret
}

/// The minimum length of a new file in bytes.
const LENGTH_MIN: usize = 1 << 20;
/// Number of bytes of disk space that opening a store may need in addition to the data file.
const OPENING_SPACE: u64 = 256 << 10;
/// Size of the reader table in bytes, enough for the number of readers passed to LMDB.
const READERS_SIZE: usize = 16 << 10;
