//! Handles a sync point that the former owner of the store has left. If the machine has crashed since, or a sync
//! failed, restores the meta pages. Otherwise only removes the file.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::record::{self, SyncRecord};
use super::{INVALIDATED, NAME};
use crate::clock::{Clocks, SystemClocks};
use crate::disk::file;
use crate::error::OpenError;

/// Makes sure that LMDB can open the data file, no matter how the former owner of the store ended. Afterwards there is
/// no sync point.
pub(in crate::disk) fn recover(folder: &Path, data: &Path) -> Result<(), OpenError> {
    let (invalidated, present) = (folder.join(INVALIDATED), folder.join(NAME));
    recover_from(&invalidated, data, |_| Ok(true))?;
    recover_from(&present, data, |record| Ok(record.boot_id != SystemClocks.boot_id()?))
}

/// Whether [`recover`] would return to an earlier state.
pub(in crate::disk) fn needs_recovery(folder: &Path) -> Result<bool, OpenError> {
    let (invalidated, present) = (folder.join(INVALIDATED), folder.join(NAME));
    let record = |path: &Path| match File::open(path).and_then(|file| newest(&file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        record => record.map_err(|source| OpenError::Io { path: path.to_owned(), source }),
    };
    let is_earlier = |record: SyncRecord| match SystemClocks.boot_id() {
        Ok(id) => Ok(record.boot_id != id),
        Err(source) => Err(OpenError::Io { path: present.clone(), source }),
    };
    Ok(record(&invalidated)?.is_some() || record(&present)?.map_or(Ok(false), is_earlier)?)
}

/// Recovers from the sync point at `path`, if it exists, and removes it. `restores` decides whether the meta pages of
/// the record are restored.
fn recover_from(
    path: &Path,
    data: &Path,
    restores: impl Fn(&SyncRecord) -> io::Result<bool>,
) -> Result<(), OpenError> {
    let io_error = |path: &Path, source| OpenError::Io { path: path.to_owned(), source };
    let record = match File::open(path).and_then(|file| newest(&file)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        record => record.map_err(|error| io_error(path, error))?,
    };
    let record = match record {
        Some(record) if restores(&record).map_err(|error| io_error(path, error))? => Some(record),
        _ => None,
    };
    recover_data(data, record.as_ref()).map_err(|error| io_error(data, error))?;
    fs::remove_file(path).map_err(|error| io_error(path, error))
}

/// Restores the meta pages of the record, if there is one, and then syncs the data file.
fn recover_data(data: &Path, restore: Option<&SyncRecord>) -> io::Result<()> {
    let file = match File::options().read(true).write(true).open(data) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if let Some(record) = restore {
        tracing::warn!("the machine crashed or a sync failed: returning to the state of the last sync");
        file::write_meta_pages(&file, &record.meta_pages)?;
    }
    file.sync_all()
}

/// Returns the newest valid record. If there is none, nothing was committed after the file was created.
fn newest(sync_point: &File) -> io::Result<Option<SyncRecord>> {
    let mut newest: Option<SyncRecord> = None;
    for offset in record::OFFSETS {
        let mut bytes = [0; record::SIZE];
        match sync_point.read_exact_at(&mut bytes, offset) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => continue,
            result => result?,
        }
        newest =
            newest.into_iter().chain(SyncRecord::from_bytes(&bytes)).max_by_key(|record| record.sequence);
    }
    Ok(newest)
}
