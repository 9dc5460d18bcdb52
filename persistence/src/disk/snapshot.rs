//! Makes a consistent copy of the store in one file while the store keeps working. The copy is written next to
//! its target and then renamed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

use heed::{CompactionOption, Env, WithoutTls};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::checksum;
use super::engine::Map;
use super::fault::Fault;
use super::file;
use super::open::DATA_FILE_NAME;
use super::read_only::ReadOnly;
use crate::access;
use crate::config::Config;
use crate::disk::Disk;
use crate::error::{OpenError, ReadError, SnapshotError};
use crate::store::{Commit, Observer};

/// Number of records and bytes of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Number of records.
    pub records: u64,
    /// Length of the file, in bytes.
    pub bytes: u64,
}

/// A copy that has not been moved to its target yet. Dropping this value before [`PartialSnapshot::publish`] removes
/// the file.
pub(super) struct PartialSnapshot {
    file: File,
    path: PathBuf,
    target: PathBuf,
    is_published: bool,
}

/// Copies the current state, without free pages, to a new file, and syncs the file. An existing file is not
/// overwritten.
pub(super) fn snapshot(map: &Map, path: &Path) -> Result<Written, ReadError> {
    let mut copy = PartialSnapshot::begin(path)?;
    let resize_guard = map.block_resize()?;
    copy.fill(map.env())?;
    drop(resize_guard);
    copy.finish()
}

impl PartialSnapshot {
    /// Creates the file, readable by its owner only.
    pub(super) fn begin(target: &Path) -> Result<Self, SnapshotError> {
        if fs::symlink_metadata(target).is_ok() {
            return Err(SnapshotError::Exists(target.to_owned()));
        }
        let path = partial_path(target);
        let file = access::private_file().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => SnapshotError::Exists(path.clone()),
            _ => io_error(target, error),
        })?;
        Ok(Self { file, path, target: target.to_owned(), is_published: false })
    }

    /// Copies the newest state to the file, and overwrites the result of an earlier attempt.
    pub(super) fn fill(&mut self, env: &Env<WithoutTls>) -> Result<(), Fault> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        Ok(env.copy_to_file(&mut self.file, CompactionOption::Enabled)?)
    }

    /// Applies the log of the copy, verifies the copy, and moves it to its target.
    pub(super) fn finish(self) -> Result<Written, ReadError> {
        self.apply_log()?;
        let written = ReadOnly::open_snapshot(&self.path)?.written()?;
        self.publish()?;
        Ok(written)
    }

    /// Applies the log of the copy to its tables, so that a snapshot has no log.
    fn apply_log(&self) -> Result<(), ReadError> {
        if !ReadOnly::open_snapshot(&self.path)?.has_log()? {
            return Ok(());
        }
        let folder = partial_store_path(&self.target);
        let io_error = |error| io_error(&self.target, error);
        access::create_new_private_folder(&folder).map_err(io_error)?;
        fs::rename(&self.path, folder.join(DATA_FILE_NAME)).map_err(io_error)?;
        let applied = checkpoint_store(&folder);
        fs::rename(folder.join(DATA_FILE_NAME), &self.path).map_err(io_error)?;
        fs::remove_dir_all(&folder).map_err(io_error)?;
        applied?;
        self.shorten()
    }

    /// Cuts off the unused end of the file: opening the copy as a store may have enlarged it.
    fn shorten(&self) -> Result<(), ReadError> {
        let Some(found) = file::examine(&self.path)? else { return Ok(()) };
        self.file.set_len(found.used).map_err(|error| io_error(&self.target, error))?;
        Ok(())
    }

    /// Writes the checksum to the file, syncs the file, and renames it to its target, which must not exist.
    pub(super) fn publish(mut self) -> Result<(), SnapshotError> {
        self.move_to_target().map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => SnapshotError::Exists(self.target.clone()),
            _ => io_error(&self.target, error),
        })
    }

    fn move_to_target(&mut self) -> io::Result<()> {
        checksum::write(&self.file)?;
        self.file.sync_all()?;
        match renameat_with(CWD, &self.path, CWD, &self.target, RenameFlags::NOREPLACE) {
            // The file system does not support `RENAME_NOREPLACE`.
            Err(Errno::INVAL | Errno::NOSYS) if fs::symlink_metadata(&self.target).is_err() => {
                fs::rename(&self.path, &self.target)?;
            }
            result => result?,
        }
        self.is_published = true;
        sync_folder_of(&self.target)
    }
}

impl Drop for PartialSnapshot {
    fn drop(&mut self) {
        if !self.is_published
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "the file of a failed snapshot cannot be removed: delete it");
        }
    }
}

/// Returns the path, next to `target`, under which this process writes a copy until the copy is complete.
#[must_use]
pub fn partial_path(target: &Path) -> PathBuf {
    let mut name = target.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}.partial", process::id()));
    target.with_file_name(name)
}

/// Returns the path of the folder in which this process opens the copy as a store, to apply its log.
#[must_use]
pub fn partial_store_path(target: &Path) -> PathBuf {
    let mut name = partial_path(target).into_os_string();
    name.push(".store");
    PathBuf::from(name)
}

/// Opens a store, applies its log to the tables, and closes it. No broker may have the store open.
///
/// # Errors
/// The errors of [`Disk::open`].
pub fn checkpoint_store(folder: &Path) -> Result<(), OpenError> {
    let length = fs::metadata(folder.join(DATA_FILE_NAME)).map_or(0, |metadata| metadata.len());
    let size_initial = usize::try_from(length).unwrap_or(usize::MAX).max(1);
    let defaults = Config::new(folder);
    let size_max = defaults.size_max.max(size_initial.saturating_mul(2));
    Disk::open(&Config { size_initial, size_max, disk_reserve: 0, ..defaults }, Arc::new(NoObserver))
        .map(drop)
}

/// An observer that does nothing.
struct NoObserver;

impl Observer for NoObserver {
    fn on_commit(&self, _: Commit) {}
}

/// Syncs the folder of a file, so that renames in this folder are on the disk when the function returns.
pub(super) fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn io_error(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Io { path: path.to_owned(), source }
}
