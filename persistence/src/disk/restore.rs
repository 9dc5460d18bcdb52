//! Restores a store from a snapshot. The former data file is kept under another name. At any time, the store has one
//! complete data file.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::checksum;
use super::open::{self, DATA_FILE_NAME, NEW_FOLDER_NAME};
use super::read_only::ReadOnly;
use super::snapshot::{Written, sync_folder_of};
use super::sync_point;
use crate::access;
use crate::clock::SystemClocks;
use crate::error::{OpenError, RestoreError};

/// The result of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Number of records and bytes of the new store.
    pub written: Written,
    /// The path of the former data file, if there was one.
    pub former: Option<PathBuf>,
    /// Whether the snapshot had a checksum. Earlier versions of Tidegate wrote no checksum; for such a snapshot, only
    /// the structure and the records were checked.
    pub has_checksum: bool,
}

/// Checks a snapshot and creates the store in `folder` from it. An existing store is replaced only if `replace` is set;
/// its data file is kept under another name.
///
/// # Errors
/// When the snapshot is inconsistent, the folder is in use by another process, a store exists and `replace` is
/// not set, or a file cannot be written. The existing store is unchanged.
pub fn restore(snapshot: &Path, folder: &Path, replace: bool) -> Result<Restored, RestoreError> {
    // `source` is kept open until the end, because it locks the store whose data file the snapshot may be.
    let mut source = ReadOnly::open_snapshot(snapshot)?;
    let written = examine(&mut source, snapshot)?;
    let _lock = open::lock_folder(folder)?;
    let data = folder.join(DATA_FILE_NAME);
    let exists = exists(&data).map_err(io_error(&data))?;
    if exists && !replace {
        return Err(RestoreError::Exists(data));
    }
    recover_former(folder, &data)?;
    let new = folder.join(NEW_FOLDER_NAME);
    copy(snapshot, &new).map_err(io_error(&new))?;
    let former = replace_data_file(&new, &data, exists).map_err(io_error(&data))?;
    Ok(Restored { written, former, has_checksum: source.has_checksum() })
}

/// Recovers the former data file first, so that its sync point is not applied to the new data file. If the former file
/// is too damaged to be recovered, sets its sync point aside.
fn recover_former(folder: &Path, data: &Path) -> Result<(), RestoreError> {
    match sync_point::recover(folder, data, &SystemClocks) {
        Err(OpenError::Damaged { .. } | OpenError::DamagedSyncPoint(_)) => {
            Ok(sync_point::set_aside(folder).map_err(io_error(folder))?)
        }
        recovered => Ok(recovered?),
    }
}

/// Checks the snapshot before anything is created.
fn examine(source: &mut ReadOnly, path: &Path) -> Result<Written, RestoreError> {
    let findings = source.check()?;
    if !findings.is_clean() {
        return Err(RestoreError::Inconsistent(path.to_owned(), findings));
    }
    Ok(source.written()?)
}

/// Whether a store exists. An empty data file counts as no store.
fn exists(data: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        metadata => metadata.map(|metadata| metadata.len() > 0),
    }
}

/// Copies the snapshot into a new subfolder and syncs it.
fn copy(snapshot: &Path, new: &Path) -> io::Result<()> {
    access::ignore_missing(fs::remove_dir_all(new))?;
    access::create_new_private_folder(new)?;
    let copied = copy_file(snapshot, &new.join(DATA_FILE_NAME));
    if copied.is_err() {
        fs::remove_dir_all(new)?;
    }
    copied
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut target = access::private_file().read(true).write(true).create_new(true).open(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    // The copy becomes a store, which changes, so it must not have a checksum.
    checksum::remove(&target)?;
    target.sync_all()
}

/// Creates a hard link to the data file, with the first free name for former files. Returns the path of the link.
fn keep_former(data: &Path) -> io::Result<PathBuf> {
    for number in 1..=FORMER_FILES_MAX {
        let name = if number == 1 { FORMER_NAME.to_owned() } else { format!("{FORMER_NAME}.{number}") };
        let former = data.with_file_name(name);
        match fs::hard_link(data, &former) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            linked => return linked.map(|()| former),
        }
    }
    Err(io::Error::other("there are too many former data files: remove some of them"))
}

/// Atomically replaces the data file `data` with the file `new`. Returns the path under which the former file is kept.
fn replace_data_file(new: &Path, data: &Path, exists: bool) -> io::Result<Option<PathBuf>> {
    let former = if exists { Some(keep_former(data)?) } else { None };
    // Sync the hard link first, so that a crash cannot lose the former file.
    sync_folder_of(data)?;
    fs::rename(new.join(DATA_FILE_NAME), data)?;
    if let Err(error) = fs::remove_dir(new) {
        tracing::warn!(%error, "the empty folder of the restored file cannot be removed");
    }
    sync_folder_of(data)?;
    Ok(former)
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RestoreError + use<> {
    let path = path.to_owned();
    move |source| RestoreError::Io { path, source }
}

const FORMER_NAME: &str = "data.mdb.former";
/// Number of former data files at which a restore is refused. Each is a whole store, which the operator should delete.
const FORMER_FILES_MAX: u32 = 100;
