//! The sync point: the state of the last sync, to which a store with interval durability returns after the machine
//! crashed or a sync failed. The sync point consists of copies of LMDB's meta pages in a separate file, and of a read
//! transaction, which prevents the pages that the copies refer to from being reused.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use heed::{RoTxn, WithoutTls};

use super::allocation;
use super::engine::Map;
use super::fault::Fault;
use super::file;
use crate::access;
use crate::clock::BootId;

mod record;
mod recover;
#[cfg(test)]
mod tests;

use record::SyncRecord;
pub(super) use recover::{needs_recovery, recover, set_aside};

/// The sync point of an open store.
pub(super) struct SyncPoint {
    path: PathBuf,
    file: File,
    data: File,
    boot_id: BootId,
    /// Number of syncs. Its last bit selects the position of the record in the file.
    sequence: u64,
    /// The read transaction on the state of the last sync; `None` while the map is resized.
    pinned_state: Option<RoTxn<'static, WithoutTls>>,
}

impl SyncPoint {
    /// Creates a sync point at the current state, before anything is committed without a sync. `boot_id` identifies the
    /// current boot of the machine.
    pub(super) fn create(map: &Map, boot_id: BootId) -> Result<Self, Fault> {
        let path = map.folder().join(FILE_NAME);
        let file = access::private_file().create(true).truncate(true).read(true).write(true).open(&path)?;
        // Saving the sync point must not fail on a full disk.
        allocation::reserve(&file, 0, record::FILE_SIZE)?;
        let data = map.env().try_clone_inner_file()?;
        let mut sync_point = Self { path, file, data, boot_id, sequence: 0, pinned_state: None };
        sync_point.save(map)?;
        // Sync the folder, because otherwise the file might not exist after a power failure.
        File::open(map.folder())?.sync_all()?;
        map.stop_syncing()?;
        Ok(sync_point)
    }

    /// Syncs the data, then moves the sync point to the current state.
    pub(super) fn save(&mut self, map: &Map) -> Result<(), Fault> {
        map.sync().map_err(Fault::into_sync_failure)?;
        self.write()?;
        // From here on, the pages of the former state may be reused.
        self.pin_current(map)
    }

    /// Moves the sync point to the current state, then calls `resize` while no read transaction is open. If the read
    /// transaction cannot be opened again, the store must not continue: it would reuse the pages of the sync point.
    /// Therefore every such error is reported as a failure of the store, even a lack of space or memory, which the
    /// store would otherwise handle by retrying.
    pub(super) fn resize(
        &mut self,
        map: &Map,
        resize: impl FnOnce() -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.save(map)?;
        self.pinned_state = None;
        resize().and_then(|()| self.pin_current(map)).map_err(Fault::into_engine_failure)
    }

    /// Whether the pages of the last sync are protected.
    #[cfg(test)]
    pub(super) fn is_pinned(&self) -> bool {
        self.pinned_state.is_some()
    }

    /// Replaces the file with one that reports a full disk.
    #[cfg(test)]
    pub(super) fn fill_disk(&mut self) {
        self.file = File::options().write(true).open("/dev/full").expect("a device");
    }

    /// Begins a read transaction on the current state, which must be the state of the last sync.
    fn pin_current(&mut self, map: &Map) -> Result<(), Fault> {
        self.pinned_state = Some(map.env().clone().static_read_txn()?);
        Ok(())
    }

    /// Marks the sync point after a failed sync, so that the next process does not trust the page cache and returns
    /// to the sync point.
    pub(super) fn invalidate(&self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_file_name(INVALIDATED_FILE_NAME))
    }

    /// Deletes the sync point, because everything is synced.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// Writes the record of the current state to the file of the sync point. After an error, the former sync point is
    /// still valid: its record is at the other position in the file, and its pages are still protected.
    fn write(&mut self) -> Result<(), Fault> {
        self.sequence += 1;
        let meta_pages = file::read_meta_pages(&self.data)?;
        let record = SyncRecord { sequence: self.sequence, boot_id: self.boot_id, meta_pages };
        self.file.write_all_at(&record.to_bytes(), record::record_offset(self.sequence))?;
        Ok(self.file.sync_data()?)
    }
}

/// The name of the file. The name is part of the format, because existing stores have this file.
pub(super) const FILE_NAME: &str = "anchor";
/// The name of the file after a sync failed.
pub(super) const INVALIDATED_FILE_NAME: &str = "anchor.failed";
