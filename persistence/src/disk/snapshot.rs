//! A consistent copy of the store in one file, made while it works on: written beside its place, then moved there.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Seek};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

use heed::{CompactionOption, Env, WithoutTls};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::engine::Map;
use super::fault::Fault;
use super::open::DATA;
use super::read_only::ReadOnly;
use crate::config::Config;
use crate::disk::Disk;
use crate::error::{OpenError, ReadError, Reason, SnapshotError};
use crate::store::{Commit, Observer};

/// What a copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Records.
    pub records: u64,
    /// Length of the file, in bytes.
    pub bytes: u64,
}

/// A copy that is not yet in its place; removed when dropped before it is.
pub(super) struct Unfinished {
    file: File,
    path: PathBuf,
    place: PathBuf,
    is_placed: bool,
}

/// Copies the present state to a new file, without its holes, and syncs it. A file that is there is not touched.
pub(super) fn snapshot(map: &Map, path: &Path) -> Result<(), SnapshotError> {
    let mut copy = Unfinished::begin(path)?;
    let still = map.hold_still().map_err(Reason::from)?;
    copy.fill(map.env()).map_err(Reason::from)?;
    drop(still);
    copy.settle().map_err(|error| SnapshotError::Engine(Reason::Engine(error.to_string())))?;
    copy.place()
}

impl Unfinished {
    /// Begins a file for the owner's eyes only.
    pub(super) fn begin(place: &Path) -> Result<Self, SnapshotError> {
        if fs::symlink_metadata(place).is_ok() {
            return Err(failed(place, ErrorKind::AlreadyExists.into()));
        }
        let path = unfinished(place);
        let file = File::options().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.map_err(|error| failed(place, error))?;
        Ok(Self { file, path, place: place.to_owned(), is_placed: false })
    }

    /// Copies the newest state; what was written before is overwritten.
    pub(super) fn fill(&mut self, env: &Env<WithoutTls>) -> Result<(), Fault> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        Ok(env.copy_to_file(&mut self.file, CompactionOption::Enabled)?)
    }

    /// Takes what the log of the copy has to its tables, so that a snapshot has no log.
    pub(super) fn settle(&mut self) -> Result<(), ReadError> {
        if !ReadOnly::snapshot(&self.path)?.is_logged()? {
            return Ok(());
        }
        let folder = settling(&self.place);
        let failed = |error| failed(&self.place, error);
        DirBuilder::new().mode(0o700).create(&folder).map_err(failed)?;
        fs::rename(&self.path, folder.join(DATA)).map_err(failed)?;
        let settled = settle(&folder);
        fs::rename(folder.join(DATA), &self.path).map_err(failed)?;
        fs::remove_dir_all(&folder).map_err(failed)?;
        Ok(settled?)
    }

    /// Where it is meanwhile.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs it and moves it to its place, where nothing may be.
    pub(super) fn place(mut self) -> Result<(), SnapshotError> {
        self.put_in_place().map_err(|error| failed(&self.place, error))
    }

    fn put_in_place(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        match renameat_with(CWD, &self.path, CWD, &self.place, RenameFlags::NOREPLACE) {
            // File systems that cannot promise it.
            Err(Errno::INVAL | Errno::NOSYS) if fs::symlink_metadata(&self.place).is_err() => {
                fs::rename(&self.path, &self.place)?;
            }
            result => result?,
        }
        self.is_placed = true;
        sync_folder_of(&self.place)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_placed
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "a snapshot that failed cannot be removed");
        }
    }
}

/// Where this process writes a copy until it is whole: beside its place.
#[must_use]
pub fn unfinished(place: &Path) -> PathBuf {
    let mut name = place.file_name().map(OsString::from).unwrap_or_default();
    name.push(format!(".{}.partial", process::id()));
    place.with_file_name(name)
}

/// Where the copy is a store of its own for a moment.
#[must_use]
pub fn settling(place: &Path) -> PathBuf {
    let mut name = unfinished(place).into_os_string();
    name.push(".store");
    PathBuf::from(name)
}

/// Takes what the log of a store has to its tables, as a start and an end of its broker do. The broker must not run.
///
/// # Errors
/// Those of [`Disk::open`].
pub fn settle(folder: &Path) -> Result<(), OpenError> {
    let length = fs::metadata(folder.join(DATA)).map_or(0, |metadata| metadata.len());
    let size_initial = usize::try_from(length).unwrap_or(usize::MAX).max(1);
    let defaults = Config::new(folder);
    let size_max = defaults.size_max.max(size_initial.saturating_mul(2));
    Disk::open(&Config { size_initial, size_max, ..defaults }, Arc::new(Nobody)).map(drop)
}

/// Is told of the commits of such a store.
struct Nobody;

impl Observer for Nobody {
    fn committed(&self, _: Commit) {}
}

/// What happened to the names in the folder of that file is on the disk when this returns.
pub(super) fn sync_folder_of(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn failed(path: &Path, source: io::Error) -> SnapshotError {
    SnapshotError::Io { path: path.to_owned(), source }
}
