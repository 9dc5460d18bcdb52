//! Commits changes by appending them to the log, and makes checkpoints, which move the content of the log to the
//! tables.

use tidegate_limits::memory;

use super::{Engine, Space, put_marks};
use crate::change::ChangeSet;
use crate::disk::fault::Fault;
use crate::disk::log::Log;
use crate::disk::tables::SCHEMA;

impl Engine {
    /// Commits the change set in one transaction and empties it. The map grows if necessary. An error leaves the change
    /// set and the file unchanged. With `is_full`, there is no space for the log, so the change set is written to the
    /// tables. If memory is short, the change set is always written to the log, which needs the least memory.
    pub(in crate::disk) fn commit(&mut self, change: &mut ChangeSet, is_full: bool) -> Result<Space, Fault> {
        change.purge_closed();
        if change.is_empty() {
            change.clear();
            return Ok(Space::BelowLimit);
        }
        let space = if !self.capacity.is_memory_short() && (is_full || self.bypasses_log(change)) {
            match self.write_to_tables(change) {
                Err(Fault::NoMemory) => self.write_to_log(change),
                written => written,
            }
        } else {
            self.write_to_log(change)
        };
        space.map_err(|fault| fault.detect_full_disk(self.map.folder()))
    }

    /// Whether the change set is written to the tables directly. This is the case if it does not fit into the log, or
    /// if most changes in the log were still needed at the last checkpoint, so that the log only caused a second write.
    fn bypasses_log(&mut self, change: &ChangeSet) -> bool {
        if self.log_bypass > 0 {
            self.log_bypass -= 1;
            return true;
        }
        self.log.bytes() + change.bytes() > self.log_bytes_max()
    }

    /// Returns the maximum size of the log in bytes. During a checkpoint, the same amount of space is needed in the
    /// tables, which the reserve provides.
    pub(super) fn log_bytes_max(&self) -> usize {
        (self.capacity.size_max() / LOG_SIZE_DIVISOR).min(match self.capacity.disk_reserve() {
            0 => LOG_BYTES_MAX,
            reserve => reserve / LOG_RESERVE_DIVISOR,
        })
    }

    /// Whether the log should be emptied, because it is long or a checkpoint would have to write many entries.
    pub(in crate::disk) fn is_checkpoint_due(&self) -> bool {
        self.log.bytes() > self.log_bytes_max() || self.pending.write_cost() > PENDING_COST_MAX
    }

    /// Whether the log is empty.
    pub(in crate::disk) fn is_checkpointed(&self) -> bool {
        self.log.bytes() == 0
    }

    /// Writes the content of the log to the tables and empties the log. If there is not enough memory for this, the log
    /// stays, and the result is [`Space::Reserve`].
    pub(in crate::disk) fn checkpoint(&mut self) -> Result<Space, Fault> {
        match self.empty_log() {
            Err(Fault::NoMemory) => {
                self.capacity.record_memory_shortage();
                Ok(Space::Reserve)
            }
            done => done,
        }
    }

    fn empty_log(&mut self) -> Result<Space, Fault> {
        if self.is_checkpointed() {
            return Ok(Space::BelowLimit);
        }
        self.pending.purge_closed();
        memory::check_accepted(self.pending.table_bytes().saturating_mul(CHECKPOINT_COPIES))?;
        let (logged_cost, remaining) = (core::mem::take(&mut self.logged_cost), self.pending.write_cost());
        let space = self.write_to_tables(&mut ChangeSet::default());
        if remaining > LOG_BYPASS_COST_MIN && remaining * 2 > logged_cost {
            self.log_bypass = LOG_BYPASS_COMMITS;
        }
        space.map_err(|fault| fault.detect_full_disk(self.map.folder()))
    }

    /// Reads the log that an earlier process left in the store, and makes a checkpoint. Writes the time mark if the
    /// store has an earlier schema, whose times are Unix times. Until this function has succeeded, the map includes the
    /// reserve.
    pub(in crate::disk) fn replay(&mut self) -> Result<(), Fault> {
        let view = self.map.read_view()?;
        let (log, pending) = Log::read(&view.tables.meta, &view.txn)?;
        let is_current = view.tables.meta.schema(&view.txn)? == Some(SCHEMA);
        drop(view);
        (self.log, self.pending) = (log, pending);
        self.empty_log()?;
        self.keep_time(!is_current)?;
        // After a lack of memory, the map is smaller.
        if self.map.size() > self.capacity.size() { self.resize(self.capacity.size()) } else { Ok(()) }
    }

    /// Appends the change set to the log and empties it.
    pub(super) fn append_to_log(&mut self, change: &mut ChangeSet) -> Result<(), Fault> {
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        let log = self.log.append(meta, &mut txn, change, &mut self.buffer)?;
        meta.raise_schema(&mut txn)?;
        let id_marks = put_marks(meta, &mut txn, &self.ids, self.id_marks)?;
        txn.commit()?;
        (self.log, self.id_marks, self.empty_commit_done) = (log, id_marks, false);
        self.logged_cost += change.write_cost();
        self.pending.merge(change);
        Ok(())
    }
}

/// Maximum number of bytes of the log if there is no reserve on the disk. The content of the log is also kept in
/// memory. At this size, a checkpoint is due.
const LOG_BYTES_MAX: usize = 64 << 20;
/// Approximate maximum number of entries that a checkpoint writes, because commits wait until it is finished.
const PENDING_COST_MAX: usize = 65_536;
/// The log has at most the size limit divided by this number.
const LOG_SIZE_DIVISOR: usize = 32;
/// The log has at most the reserve on the disk divided by this number: a checkpoint may use half of the reserve.
const LOG_RESERVE_DIVISOR: usize = 4;
/// The memory that a checkpoint needs for LMDB's pages, as a multiple of the size of what it writes.
const CHECKPOINT_COPIES: usize = 2;
/// Number of commits that bypass the log after a checkpoint at which most logged changes were still needed. The
/// checkpoint must have cost more than `LOG_BYPASS_COST_MIN`.
const LOG_BYPASS_COMMITS: u32 = 256;
const LOG_BYPASS_COST_MIN: usize = 1024;
