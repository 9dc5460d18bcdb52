//! Commits go to the log, which a checkpoint empties into the tables.

use super::{Engine, Room, put_marks};
use crate::change::ChangeSet;
use crate::disk::fault::Fault;
use crate::disk::log::Log;
use crate::disk::tables::{SCHEMA, SCHEMA_KEY};

impl Engine {
    /// Writes the change in one transaction, growing the map as needed, and empties it. An error leaves all as it was.
    /// `is_full`: there is no room for a log.
    pub(in crate::disk) fn commit(&mut self, change: &mut ChangeSet, is_full: bool) -> Result<Room, Fault> {
        change.purge_closed();
        if change.is_empty() {
            change.clear();
            return Ok(Room::Ample);
        }
        let room = if is_full || self.bypasses_log(change) { self.write(change) } else { self.log(change) };
        room.map_err(|fault| fault.detect_full_disk(self.map.folder()))
    }

    /// Writes the change to the log, or where that has no room, to its tables.
    fn log(&mut self, change: &mut ChangeSet) -> Result<Room, Fault> {
        loop {
            match self.append(change) {
                Err(Fault::MapFull) if self.map.clear_stale_readers()? || self.grow()? => {}
                Err(Fault::MapFull) => return self.write(change),
                appended => return appended.map(|()| Room::Ample),
            }
        }
    }

    /// Whether a change goes to its tables at once: it has no place in the log, or most of what went there lately was still there
    /// at the checkpoint, so that the log would only be written in addition.
    fn bypasses_log(&mut self, change: &ChangeSet) -> bool {
        if self.log_bypass > 0 {
            self.log_bypass -= 1;
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
        self.log.bytes() > self.log_bytes_max() || self.pending.write_cost() > PENDING_MAX
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
        self.pending.purge_closed();
        let (logged_cost, remaining) = (core::mem::take(&mut self.logged_cost), self.pending.write_cost());
        let room = self.write(&mut ChangeSet::default());
        if remaining > LOG_BYPASS_COST_MIN && remaining * 2 > logged_cost {
            self.log_bypass = LOG_BYPASS_COMMITS;
        }
        room.map_err(|fault| fault.detect_full_disk(self.map.folder()))
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
    fn append(&mut self, change: &mut ChangeSet) -> Result<(), Fault> {
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        let log = self.log.append(meta, &mut txn, change, &mut self.buffer)?;
        // Earlier versions know nothing of a log.
        if meta.schema(&txn)? != Some(SCHEMA) {
            meta.put(&mut txn, SCHEMA_KEY, &SCHEMA.to_le_bytes())?;
        }
        let marks = put_marks(meta, &mut txn, &self.ids, self.marks)?;
        txn.commit()?;
        (self.log, self.marks, self.empty_commit_done) = (log, marks, false);
        self.logged_cost += change.write_cost();
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
const LOG_BYPASS_COMMITS: u32 = 256;
const LOG_BYPASS_COST_MIN: usize = 1024;
