//! Handles space: the map grows up to the size limit, or up to what the disk has space for; behind that there is a
//! reserve.

use super::capacity::Reserve;
use super::{Engine, Space};
use crate::change::ChangeSet;
use crate::disk::apply::Balance;
use crate::disk::fault::Fault;
use crate::error::Reason;

impl Engine {
    /// Writes the pending changes and the change set to the tables.
    pub(super) fn write(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        loop {
            match self.transact(change, |_| true) {
                Err(Fault::MapFull)
                    if self.map.clear_stale_readers()? || self.grow()? || self.commit_empty()? => {}
                Err(Fault::MapFull) => return self.commit_in_reserve(change),
                result => return result.and_then(|()| self.space()),
            }
        }
    }

    /// Writes the change set to the log, or to the tables if the log has no space.
    pub(super) fn log(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        loop {
            match self.append(change) {
                Err(Fault::MapFull) if self.map.clear_stale_readers()? || self.grow()? => {}
                Err(Fault::MapFull) if !self.capacity.is_at_size_limit() => {
                    return self.log_in_reserve(change);
                }
                Err(Fault::MapFull) => return self.write(change),
                appended => return appended.and_then(|()| self.space()),
            }
        }
    }

    /// What one batch may add. On a full disk, up to two batches and the log are still to be written, and must fit into the
    /// half of the reserve that any change may use, with the overhead of LMDB.
    pub(in crate::disk) fn batch_bytes_max(&self) -> usize {
        match self.capacity.disk_reserve() {
            0 => usize::MAX,
            reserve => reserve / BATCH_PART,
        }
    }

    /// Makes the reserve larger if a batch reached its limit, or does not fit into the log. Returns true if it has grown.
    pub(in crate::disk) fn adapt_reserve(
        &mut self,
        change: &ChangeSet,
        batch_bytes: usize,
    ) -> Result<bool, Fault> {
        let is_small =
            batch_bytes >= self.batch_bytes_max() || self.log.bytes() + change.bytes() > self.log_bytes_max();
        if is_small { self.capacity.grow_reserve() } else { Ok(false) }
    }

    /// Whether enough space is free, or can be had because the disk has some again.
    pub(in crate::disk) fn has_free_space(&mut self) -> Result<bool, Fault> {
        let limit = self.capacity.size();
        Ok(self.map.used()? <= limit - limit / HEADROOM || self.grow()?)
    }

    /// Why the store is full.
    pub(in crate::disk) fn full_reason(&self) -> Reason {
        self.capacity.full_reason()
    }

    /// The disk is full: writes to the log in the reserve. That needs little more than the size of the change, while
    /// the tables might need more than the reserve has. So what clients already wait for is acknowledged.
    fn log_in_reserve(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        self.resize_for(Reserve::Any)?;
        let appended = self.append(change);
        self.resize(self.capacity.size())?;
        match appended {
            Err(Fault::MapFull) => self.write(change),
            appended => appended.map(|()| Space::Reserve),
        }
    }

    /// Commits in the reserve. Its first part takes any change: operations appended before the store was known to be
    /// full, and those of sessions that fetch their messages. The second part only takes changes that free at least
    /// what they add; otherwise a full store could not be emptied.
    fn commit_in_reserve(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        self.resize_for(Reserve::Any)?;
        let mut result = self.transact(change, |_| true);
        if matches!(result, Err(Fault::MapFull)) {
            self.resize_for(Reserve::Freeing)?;
            result = self.transact(change, Balance::frees);
        }
        self.resize(self.capacity.size())?;
        match result {
            Err(Fault::MapFull) => Err(self.capacity.full()),
            result => result.map(|()| Space::Reserve),
        }
    }

    /// LMDB reuses the pages that a transaction freed only in the second transaction after it. In a full map, the
    /// next transaction may not fit without them. This commits an empty transaction in the reserve, so that they can
    /// be reused. Returns false when that would not help again.
    fn commit_empty(&mut self) -> Result<bool, Fault> {
        if self.empty_commit_done {
            return Ok(false);
        }
        self.resize_for(Reserve::Freeing)?;
        let result = self.map.rewrite_meta();
        self.resize(self.capacity.size())?;
        self.empty_commit_done = true;
        match result {
            Err(Fault::MapFull) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Makes the map larger. Returns false when it is as large as it may be.
    pub(super) fn grow(&mut self) -> Result<bool, Fault> {
        // After a lack of memory, the map may be smaller than it could be.
        let has_grown = self.map.size() < self.capacity.size() || self.capacity.grow()?;
        if has_grown {
            self.resize(self.capacity.size())?;
        }
        Ok(has_grown)
    }

    /// Where the state that was just committed has its space. LMDB never makes a file shorter, so after the reserve was
    /// used once, its pages are those of any change; the same number of other pages is then kept free.
    fn space(&mut self) -> Result<Space, Fault> {
        let size = self.capacity.size();
        if self.map.size() <= size || self.map.used()? <= size || self.grow()? {
            return Ok(Space::BelowLimit);
        }
        Ok(Space::Reserve)
    }

    fn resize_for(&mut self, reserve: Reserve) -> Result<(), Fault> {
        self.resize(self.capacity.size_with_reserve(reserve, self.map.size()))
    }

    /// Resizes the map, at least to the pages in use. The sync point is moved to the current state first, so that no
    /// read transaction has to stay open meanwhile.
    pub(super) fn resize(&mut self, size: usize) -> Result<(), Fault> {
        let Some((_, sync_point)) = &mut self.interval_sync else { return self.map.resize(size) };
        sync_point.save(&self.map)?;
        sync_point.release_pin();
        self.map.resize(size)?;
        sync_point.pin_current(&self.map)
    }
}

/// The store is no longer full once one part in `HEADROOM` of the limit is free.
const HEADROOM: usize = 32;
/// A batch may have one part in `BATCH_PART` of the reserve on the disk.
const BATCH_PART: usize = 8;
