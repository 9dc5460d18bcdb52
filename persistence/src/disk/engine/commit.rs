//! Commits append to the log. A checkpoint moves the content of the log to the tables.

use super::{Engine, Space, put_marks};
use crate::change::ChangeSet;
use crate::disk::fault::Fault;
use crate::disk::log::Log;
use crate::disk::tables::{SCHEMA, SCHEMA_KEY};

impl Engine {
    /// Commits the change set in one transaction and empties it. The map grows if necessary. An error leaves
    /// the change set and the file unchanged. `is_full`: there is no space for the log, so write to the tables.
    pub(in crate::disk) fn commit(&mut self, change: &mut ChangeSet, is_full: bool) -> Result<Space, Fault> {
        change.purge_closed();
        if change.is_empty() {
            change.clear();
            return Ok(Space::BelowLimit);
        }
        let space = if is_full || self.bypasses_log(change) { self.write(change) } else { self.log(change) };
        space.map_err(|fault| fault.detect_full_disk(self.map.folder()))
    }

    /// Whether the change set goes to the tables directly. This is so if it does not fit into the log, or if
    /// most changes logged recently were still there at the checkpoint: then the log would only add a second
    /// write.
    fn bypasses_log(&mut self, change: &ChangeSet) -> bool {
        if self.log_bypass > 0 {
            self.log_bypass -= 1;
            return true;
        }
        self.log.bytes() + change.bytes() > self.log_bytes_max()
    }

    /// Maximum size of the log. A checkpoint needs the same space in the tables for a moment; the reserve
    /// provides it.
    pub(super) fn log_bytes_max(&self) -> usize {
        (self.capacity.size_max() / LOG_PART).min(match self.capacity.disk_reserve() {
            0 => LOG_BYTES_MAX,
            reserve => reserve / RESERVE_PART,
        })
    }

    /// Whether the log should be emptied: it is long, or the checkpoint would have many entries to write.
    pub(in crate::disk) fn is_checkpoint_due(&self) -> bool {
        self.log.bytes() > self.log_bytes_max() || self.pending.write_cost() > PENDING_MAX
    }

    /// Whether the log is empty.
    pub(in crate::disk) fn is_checkpointed(&self) -> bool {
        self.log.bytes() == 0
    }

    /// Writes the content of the log to the tables and empties the log.
    pub(in crate::disk) fn checkpoint(&mut self) -> Result<Space, Fault> {
        if self.is_checkpointed() {
            return Ok(Space::BelowLimit);
        }
        self.pending.purge_closed();
        let (logged_cost, remaining) = (core::mem::take(&mut self.logged_cost), self.pending.write_cost());
        let space = self.write(&mut ChangeSet::default());
        if remaining > LOG_BYPASS_COST_MIN && remaining * 2 > logged_cost {
            self.log_bypass = LOG_BYPASS_COMMITS;
        }
        space.map_err(|fault| fault.detect_full_disk(self.map.folder()))
    }

    /// Reads the log that a former owner left, and makes a checkpoint. Until then, the map includes the reserve.
    pub(in crate::disk) fn replay(&mut self) -> Result<(), Fault> {
        let view = self.map.view()?;
        let (log, pending) = Log::read(&view.tables.meta, &view.txn)?;
        drop(view);
        (self.log, self.pending) = (log, pending);
        self.checkpoint()?;
        self.keep_time(false)?;
        self.resize(self.capacity.size())
    }

    /// Appends the change set to the log and empties it.
    pub(super) fn append(&mut self, change: &mut ChangeSet) -> Result<(), Fault> {
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        let log = self.log.append(meta, &mut txn, change, &mut self.buffer)?;
        // Raise the schema version: versions that know only schema 1 do not know the log.
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

/// Maximum bytes of a log without a reserve on the disk. Its content is also held in memory.
const LOG_BYTES_MAX: usize = 64 << 20;
/// Approximate maximum of entries that a checkpoint writes; commits wait for it.
const PENDING_MAX: usize = 65_536;
/// The log may use this fraction of the size limit: one part in `LOG_PART`.
const LOG_PART: usize = 32;
/// The log may use this fraction of the reserve on the disk, of which a checkpoint may use a half.
const RESERVE_PART: usize = 4;
/// If a checkpoint that wrote more than `LOG_BYPASS_COST_MIN` shows that most logged changes remained, this
/// many commits bypass the log.
const LOG_BYPASS_COMMITS: u32 = 256;
const LOG_BYPASS_COST_MIN: usize = 1024;
