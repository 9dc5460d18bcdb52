//! Handles lack of space: the map grows up to the size limit, or as far as the disk has space. Beyond that, commits can
//! use a reserve.

use super::capacity::Reserve;
use super::{Engine, Space};
use crate::change::ChangeSet;
use crate::disk::apply::Balance;
use crate::disk::fault::Fault;
use crate::error::Reason;

impl Engine {
    /// Writes the pending changes and the change set to the tables.
    pub(super) fn write_to_tables(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        loop {
            match self.commit_to_tables(change, |_| true) {
                Err(Fault::MapFull)
                    if self.map.clear_stale_readers()? || self.grow()? || self.commit_empty()? => {}
                Err(Fault::MapFull) => return self.commit_in_reserve(change),
                result => return result.and_then(|()| self.space()),
            }
        }
    }

    /// Writes the change set to the log, or to the tables if the log has no space.
    pub(super) fn write_to_log(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        loop {
            match self.append_to_log(change) {
                Err(Fault::MapFull) if self.map.clear_stale_readers()? || self.grow()? => {}
                Err(Fault::MapFull) if !self.capacity.is_at_size_limit() => {
                    return self.log_in_reserve(change);
                }
                Err(Fault::MapFull) => return self.write_to_tables(change),
                appended => return appended.and_then(|()| self.space()),
            }
        }
    }

    /// Returns the maximum number of bytes of one batch. When the disk becomes full, up to two batches and the log are
    /// still to be written. Together with the overhead of LMDB, they must fit into the half of the reserve that any
    /// change may use.
    pub(in crate::disk) fn batch_bytes_max(&self) -> usize {
        match self.capacity.disk_reserve() {
            0 => usize::MAX,
            reserve => reserve / BATCH_RESERVE_DIVISOR,
        }
    }

    /// Enlarges the reserve if a batch has reached its size limit, or does not fit into the log. Returns `true` if the
    /// reserve has grown.
    pub(in crate::disk) fn adapt_reserve(
        &mut self,
        change: &ChangeSet,
        batch_bytes: usize,
    ) -> Result<bool, Fault> {
        let is_small =
            batch_bytes >= self.batch_bytes_max() || self.log.bytes() + change.bytes() > self.log_bytes_max();
        if is_small { self.capacity.grow_reserve() } else { Ok(false) }
    }

    /// Whether enough space and memory are free. If there is not enough space, first tries to enlarge the map, because
    /// space may have been freed on the disk.
    pub(in crate::disk) fn has_free_space(&mut self) -> Result<bool, Fault> {
        let used = self.map.used()?;
        if self.capacity.is_memory_short() && !(self.is_checkpointed() && self.capacity.recover_memory(used))
        {
            return Ok(false);
        }
        let limit = self.capacity.size();
        let has_space = used <= limit - limit / FREE_SPACE_DIVISOR || self.grow()?;
        Ok(has_space && !self.capacity.is_memory_short())
    }

    /// Returns the reason why the store is full.
    pub(in crate::disk) fn full_reason(&self) -> Reason {
        self.capacity.full_reason()
    }

    /// Writes the change set to the log, in the reserve, when the disk is full. The log needs little more space than
    /// the size of the change, whereas the tables might need more than the reserve has. In this way, operations that
    /// were accepted before the disk became full can still be committed and acknowledged.
    fn log_in_reserve(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        self.resize_for(Reserve::Any)?;
        let appended = self.append_to_log(change);
        self.leave_reserve()?;
        match appended {
            Err(Fault::MapFull) => self.write_to_tables(change),
            appended => appended.map(|()| Space::Reserve),
        }
    }

    /// Commits in the reserve. Any change may use the first part of the reserve: operations that were appended before
    /// the store was found to be full, and those of sessions that fetch their messages. Only changes that free at least
    /// as much as they add may use the second part; otherwise a full store could not be emptied.
    fn commit_in_reserve(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        self.resize_for(Reserve::Any)?;
        let mut result = self.commit_to_tables(change, |_| true);
        if matches!(result, Err(Fault::MapFull)) {
            self.resize_for(Reserve::Freeing)?;
            result = self.commit_to_tables(change, Balance::frees_space);
        }
        self.leave_reserve()?;
        match result {
            Err(Fault::MapFull) => Err(self.capacity.full()),
            result => result.map(|()| Space::Reserve),
        }
    }

    /// Commits an empty transaction in the reserve, so that the pages freed by the last transaction can be reused: LMDB
    /// reuses freed pages only in the second transaction after the one that freed them, and in a full map the next
    /// transaction may not fit without these pages. Returns `false` if the last transaction was already empty, so that
    /// another empty transaction would not help.
    fn commit_empty(&mut self) -> Result<bool, Fault> {
        if self.empty_commit_done {
            return Ok(false);
        }
        self.resize_for(Reserve::Freeing)?;
        let result = self.map.rewrite_meta();
        self.leave_reserve()?;
        self.empty_commit_done = true;
        match result {
            Err(Fault::MapFull) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Enlarges the map. Returns `false` if the map has reached its maximum size.
    pub(super) fn grow(&mut self) -> Result<bool, Fault> {
        // After a lack of memory, the map may be smaller than its file allows.
        let has_grown = self.map.size() < self.capacity.size() || self.capacity.grow()?;
        if has_grown {
            self.resize(self.capacity.size())?;
        }
        Ok(has_grown)
    }

    /// Returns which part of the map the committed state uses. While memory is short, every commit counts as one in the
    /// reserve, because it uses memory that is kept for accepted operations. LMDB never shortens its file, so once the
    /// reserve has been used, any change may use its pages. Therefore the number of pages in use decides, not their
    /// position.
    fn space(&mut self) -> Result<Space, Fault> {
        if self.capacity.is_memory_short() {
            return Ok(Space::Reserve);
        }
        let size = self.capacity.size();
        if self.map.size() <= size || self.map.used()? <= size {
            return Ok(Space::BelowLimit);
        }
        // The transaction is committed, so a lack of space must not be reported as a failed commit.
        match self.grow() {
            Ok(true) => Ok(Space::BelowLimit),
            Ok(false) => Ok(Space::Reserve),
            Err(fault) if fault.is_out_of_space() => Ok(Space::Reserve),
            Err(fault) => Err(fault),
        }
    }

    fn resize_for(&mut self, reserve: Reserve) -> Result<(), Fault> {
        self.resize(self.capacity.size_with_reserve(reserve, self.map.size()))
    }

    /// Resizes the map to its size without the reserve. The transaction in the reserve may be committed, so a lack of
    /// space must not be reported as a failed commit: the map then keeps the reserve, and [`Self::space`] counts its
    /// pages.
    pub(super) fn leave_reserve(&mut self) -> Result<(), Fault> {
        match self.resize(self.capacity.size()) {
            Err(fault) if fault.is_out_of_space() => Ok(()),
            result => result,
        }
    }

    /// Resizes the map, at least to the pages in use. First moves the sync point to the current state, so that no read
    /// transaction has to be open during the resize.
    pub(super) fn resize(&mut self, size: usize) -> Result<(), Fault> {
        // Check the memory while the sync point still has its read transaction: after a lack of memory, the store
        // continues with the present map.
        self.map.check_memory(size)?;
        let map = &self.map;
        match &mut self.interval_sync {
            Some((_, sync_point)) => sync_point.resize(map, || map.resize(size)),
            None => map.resize(size),
        }
    }
}

/// A full store counts as working again when at least the size of the map divided by this number is free.
const FREE_SPACE_DIVISOR: usize = 32;
/// A batch has at most the reserve on the disk divided by this number.
const BATCH_RESERVE_DIVISOR: usize = 8;
