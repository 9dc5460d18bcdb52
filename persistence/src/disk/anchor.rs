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

mod settle;
mod slot;
#[cfg(test)]
mod tests;

pub(super) use settle::{is_unsettled, settle};
use slot::Slot;

/// The anchor of an open store.
pub(super) struct Anchor {
    path: PathBuf,
    file: File,
    data: File,
    boot_id: [u8; slot::BOOT_ID_SIZE],
    /// Counts the syncs; the last bit is the slot.
    turn: u64,
    /// Holds the state of the last sync; `None` while the map moves.
    pin: Option<RoTxn<'static, WithoutTls>>,
}

impl Anchor {
    /// Drops anchor at the present state, before anything is committed without a sync.
    pub(super) fn drop_at(map: &Map) -> Result<Self, Fault> {
        let path = map.folder().join(NAME);
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path)?;
        let data = map.env().try_clone_inner_file()?;
        let mut anchor = Self { path, file, data, boot_id: boot_id()?, turn: 0, pin: None };
        anchor.weigh(map)?;
        // Without its name in the folder the file would not be found after a power failure.
        File::open(map.folder())?.sync_all()?;
        map.stop_syncing()?;
        Ok(anchor)
    }

    /// Syncs the data, then moves the anchor there.
    pub(super) fn weigh(&mut self, map: &Map) -> Result<(), Fault> {
        self.sync(map).map_err(Fault::of_sync)?;
        // Only now may the pages of the former state be used again.
        self.hold(map)
    }

    /// Lets go of the state, so that the map can move. Only right after [`Anchor::weigh`], and before the next commit.
    pub(super) fn let_go(&mut self) {
        self.pin = None;
    }

    /// Holds the present state, which must be the one of the last sync.
    pub(super) fn hold(&mut self, map: &Map) -> Result<(), Fault> {
        self.pin = Some(map.env().clone().static_read_txn()?);
        Ok(())
    }

    /// A sync failed: what the page cache has is not to be trusted, not even by the next process.
    pub(super) fn distrust(&self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_file_name(DISTRUSTED))
    }

    /// Everything is synced: there is no need for a way back.
    pub(super) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    fn sync(&mut self, map: &Map) -> Result<(), Fault> {
        map.sync()?;
        self.turn += 1;
        let heads = file::heads(&self.data)?;
        let slot = Slot { turn: self.turn, boot_id: self.boot_id, heads };
        self.file.write_all_at(&slot.to_bytes(), slot::place(self.turn))?;
        Ok(self.file.sync_data()?)
    }
}

/// Which start of the machine this is.
fn boot_id() -> io::Result<[u8; slot::BOOT_ID_SIZE]> {
    let text = fs::read(Path::new("/proc/sys/kernel/random/boot_id"))?;
    let mut id = [0; slot::BOOT_ID_SIZE];
    for (to, from) in id.iter_mut().zip(text) {
        *to = from;
    }
    Ok(id)
}

const NAME: &str = "anchor";
/// Its name after a sync failed.
const DISTRUSTED: &str = "anchor.failed";
