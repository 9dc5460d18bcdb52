//! Commits go to the log, which a checkpoint empties into the tables.

use super::{Engine, Room, put_marks};
use crate::change::Change;
use crate::disk::fault::Fault;
use crate::disk::log::Log;
use crate::disk::tables::{SCHEMA, SCHEMA_KEY};

impl Engine {
    /// Writes the change in one transaction, growing the map as needed, and empties it. An error leaves all as it was.
    /// `is_full`: there is no room for a log.
    pub(in crate::disk) fn commit(&mut self, change: &mut Change, is_full: bool) -> Result<Room, Fault> {
        change.forget();
        if change.is_void() {
            change.clear();
            return Ok(Room::Ample);
        }
        let room = if is_full || self.is_to_last(change) { self.write(change) } else { self.log(change) };
        room.map_err(|fault| fault.with_room_of(self.map.folder()))
    }

    /// Writes the change to the log, or where that has no room, to its tables.
    fn log(&mut self, change: &mut Change) -> Result<Room, Fault> {
        loop {
            match self.append(change) {
                Err(Fault::MapFull) if self.map.forget_dead_readers()? || self.grow()? => {}
                Err(Fault::MapFull) => return self.write(change),
                appended => return appended.map(|()| Room::Ample),
            }
        }
    }

    /// Whether a change goes to its tables at once: it has no place in the log, or most of what went there lately was still there
    /// at the checkpoint, so that the log would only be written in addition.
    fn is_to_last(&mut self, change: &Change) -> bool {
        if self.lasting > 0 {
            self.lasting -= 1;
            return true;
        }
        self.log.bytes() + change.bytes() > self.log_bytes_max()
    }

    /// What the log may take: a checkpoint doubles it for a moment, for which there is the reserve.
    fn log_bytes_max(&self) -> usize {
        (self.map.size_max() / LOG_PART).min(LOG_BYTES_MAX)
    }

    /// Whether it is time to empty the log: it is long, or a checkpoint would have much to do.
    pub(in crate::disk) fn is_checkpoint_due(&self) -> bool {
        self.log.bytes() > self.log_bytes_max() || self.pending.weight() > PENDING_MAX
    }

    /// Whether the log is empty.
    pub(in crate::disk) fn is_checkpointed(&self) -> bool {
        self.log.bytes() == 0
    }

    /// Writes what is in the log to its tables, and empties the log.
    pub(in crate::disk) fn checkpoint(&mut self) -> Result<Room, Fault> {
        if self.is_checkpointed() {
            return Ok(Room::Ample);
        }
        self.pending.forget();
        let (logged, lasting) = (core::mem::take(&mut self.logged), self.pending.weight());
        let room = self.write(&mut Change::default());
        if lasting > LASTING_MIN && lasting * 2 > logged {
            self.lasting = LASTING_COMMITS;
        }
        room.map_err(|fault| fault.with_room_of(self.map.folder()))
    }

    /// Takes up what the log of a former owner has.
    pub(in crate::disk) fn replay(&mut self) -> Result<(), Fault> {
        let view = self.map.view()?;
        let (log, pending) = Log::read(&view.tables.meta, &view.txn)?;
        drop(view);
        (self.log, self.pending) = (log, pending);
        self.checkpoint().map(drop)
    }

    /// Appends the change to the log, and empties it.
    fn append(&mut self, change: &mut Change) -> Result<(), Fault> {
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        let log = self.log.append(meta, &mut txn, change, &mut self.buffer)?;
        // Earlier versions know nothing of a log.
        if meta.schema(&txn)? != Some(SCHEMA) {
            meta.put(&mut txn, SCHEMA_KEY, &SCHEMA.to_le_bytes())?;
        }
        let marks = put_marks(meta, &mut txn, &self.ids, self.marks)?;
        txn.commit()?;
        (self.log, self.marks, self.aged) = (log, marks, false);
        self.logged += change.weight();
        self.pending.merge(change);
        Ok(())
    }
}

/// Bytes of the log before a checkpoint; its entries are held in memory as well.
const LOG_BYTES_MAX: usize = 64 << 20;
/// Entries that a checkpoint writes at most, more or less: commits wait for it.
const PENDING_MAX: usize = 65_536;
/// The part of the size limit that the log may take.
const LOG_PART: usize = 32;
/// For how many commits the log is left aside when most of it lasted, and from how much on that is judged.
const LASTING_COMMITS: u32 = 256;
const LASTING_MIN: usize = 1024;
