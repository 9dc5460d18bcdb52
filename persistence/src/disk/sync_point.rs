//! The way back to the last sync, for a store that does not sync each commit: copies of the meta pages in a file of their own,
//! and a reader that keeps the pages they refer to from being used again.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use heed::{RoTxn, WithoutTls};

use super::engine::Map;
use super::fault::Fault;
use super::file;

mod record;
mod recover;
#[cfg(test)]
mod tests;

use record::SyncRecord;
pub(super) use recover::{needs_recovery, recover};

/// The anchor of an open store.
pub(super) struct SyncPoint {
    path: PathBuf,
    file: File,
    data: File,
    boot_id: [u8; record::BOOT_ID_SIZE],
    /// Counts the syncs; the last bit is the slot.
    sequence: u64,
    /// Holds the state of the last sync; `None` while the map moves.
    pin: Option<RoTxn<'static, WithoutTls>>,
}

impl SyncPoint {
    /// Drops anchor at the present state, before anything is committed without a sync.
    pub(super) fn create(map: &Map) -> Result<Self, Fault> {
        let path = map.folder().join(NAME);
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path)?;
        let data = map.env().try_clone_inner_file()?;
        let mut sync_point = Self { path, file, data, boot_id: boot_id()?, sequence: 0, pin: None };
        sync_point.save(map)?;
        // Without its name in the folder the file would not be found after a power failure.
        File::open(map.folder())?.sync_all()?;
        map.stop_syncing()?;
        Ok(sync_point)
    }

    /// Syncs the data, then moves the anchor there.
    pub(super) fn save(&mut self, map: &Map) -> Result<(), Fault> {
        self.sync(map).map_err(Fault::into_sync_failure)?;
        // Only now may the pages of the former state be used again.
        self.pin_current(map)
    }

    /// Lets go of the state, so that the map can move. Only right after [`SyncPoint::save`], and before the next commit.
    pub(super) fn release_pin(&mut self) {
        self.pin = None;
    }

    /// Holds the present state, which must be the one of the last sync.
    pub(super) fn pin_current(&mut self, map: &Map) -> Result<(), Fault> {
        self.pin = Some(map.env().clone().static_read_txn()?);
        Ok(())
    }

    /// A sync failed: what the page cache has is not to be trusted, not even by the next process.
    pub(super) fn invalidate(&self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_file_name(INVALIDATED))
    }

    /// Everything is synced: there is no need for a way back.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    fn sync(&mut self, map: &Map) -> Result<(), Fault> {
        map.sync()?;
        self.sequence += 1;
        let meta_pages = file::read_meta_pages(&self.data)?;
        let record = SyncRecord { sequence: self.sequence, boot_id: self.boot_id, meta_pages };
        self.file.write_all_at(&record.to_bytes(), record::offset(self.sequence))?;
        Ok(self.file.sync_data()?)
    }
}

/// Which start of the machine this is.
fn boot_id() -> io::Result<[u8; record::BOOT_ID_SIZE]> {
    let text = fs::read(Path::new("/proc/sys/kernel/random/boot_id"))?;
    let mut id = [0; record::BOOT_ID_SIZE];
    for (to, from) in id.iter_mut().zip(text) {
        *to = from;
    }
    Ok(id)
}

const NAME: &str = "anchor";
/// Its name after a sync failed.
const INVALIDATED: &str = "anchor.failed";
