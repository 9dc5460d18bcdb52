//! A store made from a snapshot. The former one is kept beside; at every moment one of the two is there whole.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::open::{self, DATA, NEW};
use super::read_only::ReadOnly;
use super::snapshot::{Written, sync_folder_of};
use super::sync_point;
use crate::error::RestoreError;

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Records and bytes.
    pub written: Written,
    /// Where the former store's file is now.
    pub former: Option<PathBuf>,
}

/// Makes the store of that folder from a snapshot, after a check of it. A store that is there is an error unless `replace`: then its
/// file is kept under another name.
///
/// # Errors
/// When the snapshot is not in order, the folder belongs to a running process, a store is there that is not to be replaced, or
/// something cannot be written. The store is as it was then.
pub fn restore(snapshot: &Path, folder: &Path, replace: bool) -> Result<Restored, RestoreError> {
    // Held to the end, for it may be the file of a store that nobody has at present.
    let mut source = ReadOnly::snapshot(snapshot)?;
    let written = examine(&mut source, snapshot)?;
    let _lock = open::lock(folder)?;
    let data = folder.join(DATA);
    let exists = exists(&data).map_err(io_error(&data))?;
    if exists && !replace {
        return Err(RestoreError::Exists(data));
    }
    // What the former file owes to a failure of the machine is settled, so that its anchor is not taken for one of the new file.
    sync_point::recover(folder, &data)?;
    let new = folder.join(NEW);
    copy(snapshot, &new).map_err(io_error(&new))?;
    let former = replace_data_file(&new, &data, exists).map_err(io_error(&data))?;
    Ok(Restored { written, former })
}

/// Checks everything before anything is made.
fn examine(source: &mut ReadOnly, path: &Path) -> Result<Written, RestoreError> {
    let findings = source.check()?;
    if !findings.is_clean() {
        return Err(RestoreError::Inconsistent(path.to_owned(), findings));
    }
    Ok(source.written()?)
}

/// A file that was made and never filled counts as none.
fn exists(data: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        metadata => metadata.map(|metadata| metadata.len() > 0),
    }
}

/// Copies to a folder of its own within, and syncs.
fn copy(snapshot: &Path, new: &Path) -> io::Result<()> {
    match fs::remove_dir_all(new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir(new)?,
    }
    let copied = copy_file(snapshot, &new.join(DATA));
    if copied.is_err() {
        fs::remove_dir_all(new)?;
    }
    copied
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut target = File::options().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut target)?;
    target.sync_all()
}

/// Gives the file a second name, the first that is free.
fn keep_former(data: &Path) -> io::Result<PathBuf> {
    for number in 1..=FORMER_MAX {
        let name = if number == 1 { FORMER.to_owned() } else { format!("{FORMER}.{number}") };
        let former = data.with_file_name(name);
        match fs::hard_link(data, &former) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            linked => return linked.map(|()| former),
        }
    }
    Err(io::Error::other("there are too many former files: remove some"))
}

/// Replaces the data file by the new one in one step; gives the name of the former.
fn replace_data_file(new: &Path, data: &Path, exists: bool) -> io::Result<Option<PathBuf>> {
    let former = if exists { Some(keep_former(data)?) } else { None };
    // The second name of the former file first, so that it is not lost whatever comes.
    sync_folder_of(data)?;
    fs::rename(new.join(DATA), data)?;
    if let Err(error) = fs::remove_dir(new) {
        tracing::warn!(%error, "an empty folder cannot be removed");
    }
    sync_folder_of(data)?;
    Ok(former)
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RestoreError + use<> {
    let path = path.to_owned();
    move |source| RestoreError::Io { path, source }
}

const FORMER: &str = "data.mdb.former";
/// How many former files are kept before it is refused to make another.
const FORMER_MAX: u32 = 100;
