//! Handles space: the map grows up to the size limit; above the limit there is a reserve.

use super::map::Reserve;
use super::{Engine, Space};
use crate::change::ChangeSet;
use crate::disk::apply::Balance;
use crate::disk::fault::Fault;

impl Engine {
    /// Writes the pending changes and the change set to the tables.
    pub(super) fn write(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        loop {
            match self.transact(change, |_| true) {
                Err(Fault::MapFull)
                    if self.map.clear_stale_readers()? || self.grow()? || self.commit_empty()? => {}
                Err(Fault::MapFull) => return self.commit_in_reserve(change),
                result => return result.map(|()| Space::BelowLimit),
            }
        }
    }

    /// Whether enough space below the limit is free.
    pub(in crate::disk) fn has_free_space(&self) -> Result<bool, Fault> {
        let limit = self.map.size_max();
        Ok(self.map.used()? <= limit - limit / HEADROOM)
    }

    /// Commits in the reserve above the size limit. The first part of the reserve takes any change: operations
    /// appended before the store was known to be full, and those of sessions that fetch their messages. The
    /// second part only takes changes that free at least what they add; otherwise a full store could not be
    /// emptied.
    fn commit_in_reserve(&mut self, change: &mut ChangeSet) -> Result<Space, Fault> {
        let limit = self.map.size_max();
        self.resize(self.map.size_with_reserve(Reserve::Any))?;
        let mut result = self.transact(change, |_| true);
        if matches!(result, Err(Fault::MapFull)) {
            self.resize(self.map.size_with_reserve(Reserve::Freeing))?;
            result = self.transact(change, Balance::frees);
        }
        self.resize(limit)?;
        match result {
            Err(Fault::MapFull) => Err(Fault::SizeLimit(limit)),
            result => result.map(|()| Space::Reserve),
        }
    }

    /// LMDB reuses the pages that a transaction freed only in the second transaction after it. At the size
    /// limit the next transaction may not fit without them. This commits an empty transaction in the reserve,
    /// so that they can be reused. Returns false when that would not help again.
    fn commit_empty(&mut self) -> Result<bool, Fault> {
        if self.empty_commit_done {
            return Ok(false);
        }
        self.resize(self.map.size_with_reserve(Reserve::Freeing))?;
        let result = self.map.rewrite_meta();
        self.resize(self.map.size_max())?;
        self.empty_commit_done = true;
        match result {
            Err(Fault::MapFull) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Doubles the map, adding at most a gigabyte. Returns false at the size limit.
    pub(super) fn grow(&mut self) -> Result<bool, Fault> {
        let (size, limit) = (self.map.size(), self.map.size_max());
        if size >= limit {
            return Ok(false);
        }
        self.resize(size.saturating_add(size.min(GROWTH_MAX)).min(limit))?;
        Ok(true)
    }

    /// Resizes the map. The sync point is moved to the current state first, so that no read transaction has to
    /// stay open meanwhile.
    fn resize(&mut self, size: usize) -> Result<(), Fault> {
        let Some((_, sync_point)) = &mut self.interval_sync else { return self.map.resize(size) };
        sync_point.save(&self.map)?;
        sync_point.release_pin();
        self.map.resize(size)?;
        sync_point.pin_current(&self.map)
    }
}

/// The store is no longer full once one part in `HEADROOM` of the limit is free.
const HEADROOM: usize = 32;
const GROWTH_MAX: usize = 1 << 30;
