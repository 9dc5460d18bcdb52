//! Handles a sync point that the former owner of the store has left. If the machine has crashed since, or a sync
//! failed, restores the meta pages. Otherwise only removes the file.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::record::{self, SyncRecord};
use super::{FILE_NAME, INVALIDATED_FILE_NAME};
use crate::access;
use crate::clock::Clocks;
use crate::disk::file::{self, MetaPages};
use crate::disk::open::io_error;
use crate::disk::verify::{self, Headers};
use crate::error::OpenError;

/// Makes sure that LMDB can open the data file, no matter how the former owner of the store ended. Afterwards there is
/// no sync point.
pub(in crate::disk) fn recover(folder: &Path, data: &Path, clocks: &dyn Clocks) -> Result<(), OpenError> {
    let (invalidated, present) = (folder.join(INVALIDATED_FILE_NAME), folder.join(FILE_NAME));
    recover_from(&invalidated, data, |_| Ok(true))?;
    recover_from(&present, data, |record| Ok(record.boot_id != clocks.boot_id()?))
}

/// Renames the files of a sync point that cannot be used, so that they are not applied to a data file that is restored.
pub(in crate::disk) fn set_aside(folder: &Path) -> io::Result<()> {
    for name in [INVALIDATED_FILE_NAME, FILE_NAME] {
        access::ignore_missing(fs::rename(folder.join(name), folder.join(format!("{name}.former"))))?;
    }
    Ok(())
}

/// Whether [`recover`] would return to an earlier state.
pub(in crate::disk) fn needs_recovery(folder: &Path, clocks: &dyn Clocks) -> Result<bool, OpenError> {
    let (invalidated, present) = (folder.join(INVALIDATED_FILE_NAME), folder.join(FILE_NAME));
    let is_earlier = |record: SyncRecord| match clocks.boot_id() {
        Ok(id) => Ok(record.boot_id != id),
        Err(source) => Err(OpenError::Io { path: present.clone(), source }),
    };
    Ok(newest(&invalidated)?.is_some_and(|found| found.is_some())
        || match newest(&present)?.flatten() {
            Some(record) => is_earlier(record)?,
            None => false,
        })
}

/// Recovers the data file from the sync point at `path`, if that file exists, and then removes the sync point.
/// `restores` decides whether the meta pages of the record are restored.
fn recover_from(
    path: &Path,
    data: &Path,
    restores: impl Fn(&SyncRecord) -> io::Result<bool>,
) -> Result<(), OpenError> {
    let Some(record) = newest(path)? else { return Ok(()) };
    let record = match record {
        Some(record) if restores(&record).map_err(io_error(path))? => Some(record),
        _ => None,
    };
    recover_data(data, record.as_ref())?;
    fs::remove_file(path).map_err(io_error(path))
}

/// Restores the meta pages of the record, if there is one, and then syncs the data file.
fn recover_data(data: &Path, restore: Option<&SyncRecord>) -> Result<(), OpenError> {
    let file = match File::options().read(true).write(true).open(data) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        file => file.map_err(io_error(data))?,
    };
    if let Some(record) = restore {
        let MetaPages { first, second, .. } = &record.meta_pages;
        // A damaged file is left unchanged.
        Headers::parse(first, second)
            .and_then(|headers| verify::verify_state(&file, &headers, headers.newest()))
            .map_err(|error| verify::into_open_error(data, error))?;
        tracing::warn!("the machine crashed or a sync failed: returning to the state of the last sync");
        file::write_meta_pages(&file, &record.meta_pages).map_err(io_error(data))?;
    }
    file.sync_all().map_err(io_error(data))
}

/// Returns the newest valid record of a sync point. The outer `None` means that there is no file. If the file has no
/// record, nothing was committed after it was created.
fn newest(path: &Path) -> Result<Option<Option<SyncRecord>>, OpenError> {
    let opened = access::check_regular(path).and_then(|()| File::open(path));
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(io_error(path))?,
    };
    match newest_record(|offset| read_record(&file, offset)).map_err(io_error(path))? {
        Found::Record(record) => Ok(Some(Some(*record))),
        Found::NeverSynced => Ok(Some(None)),
        Found::Damage => Err(OpenError::DamagedSyncPoint(path.to_owned())),
    }
}

/// The content of a sync point.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The newest valid record.
    Record(Box<SyncRecord>),
    /// No record is complete, and none was complete before: nothing was committed after the file was created.
    NeverSynced,
    /// No record is valid, although at least one was complete.
    Damage,
}

/// Finds the newest record. A running broker may overwrite both records while a command reads one after the other, so
/// that both seem invalid. Therefore the records count as damaged only if a second read returns the same bytes.
pub(super) fn newest_record(mut read: impl FnMut(u64) -> io::Result<RecordBytes>) -> io::Result<Found> {
    let mut former = None;
    for _ in 0..READS_MAX {
        let [first, second] = record::RECORD_OFFSETS;
        let records = [(first, read(first)?), (second, read(second)?)];
        let valid = records.iter().filter_map(|(_, bytes)| SyncRecord::from_bytes(bytes));
        if let Some(newest) = valid.max_by_key(|record| record.sequence) {
            return Ok(Found::Record(Box::new(newest)));
        }
        if former.as_ref() == Some(&records) {
            let second_sync = record::record_offset(SECOND_SYNC);
            let is_written = |bytes: &RecordBytes| bytes.iter().any(|byte| *byte != 0);
            let has_second_sync =
                records.iter().any(|(offset, bytes)| *offset == second_sync && is_written(bytes));
            return Ok(if has_second_sync { Found::Damage } else { Found::NeverSynced });
        }
        former = Some(records);
    }
    Ok(Found::Damage)
}

/// Returns the bytes of a record, or zeros if the file is shorter.
fn read_record(file: &File, offset: u64) -> io::Result<RecordBytes> {
    let mut bytes = [0; record::SIZE];
    match file.read_exact_at(&mut bytes, offset) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok([0; record::SIZE]),
        result => result.map(|()| bytes),
    }
}

/// Maximum number of reads. Records that change with each read then count as damaged.
const READS_MAX: usize = 100;
/// The bytes of a record.
pub(super) type RecordBytes = [u8; record::SIZE];
/// The number of the second sync. When its record is being written, the record of the first sync is complete.
const SECOND_SYNC: u64 = 2;
