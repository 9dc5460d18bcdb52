//! Room: the map grows up to the limit; above that there is a reserve.

use super::map::Reserve;
use super::{Engine, Room};
use crate::change::ChangeSet;
use crate::disk::apply::Balance;
use crate::disk::fault::Fault;

impl Engine {
    /// Writes what is pending and the change to their tables.
    pub(super) fn write(&mut self, change: &mut ChangeSet) -> Result<Room, Fault> {
        loop {
            match self.transact(change, |_| true) {
                Err(Fault::MapFull)
                    if self.map.clear_stale_readers()? || self.grow()? || self.commit_empty()? => {}
                Err(Fault::MapFull) => return self.commit_in_reserve(change),
                result => return result.map(|()| Room::Ample),
            }
        }
    }

    /// Whether what is stored leaves some room below the limit.
    pub(in crate::disk) fn has_room(&self) -> Result<bool, Fault> {
        let limit = self.map.size_max();
        Ok(self.map.used()? <= limit - limit / HEADROOM)
    }

    /// Above the limit there is room for what was taken before anybody knew, and for sessions that come back for what waits;
    /// above that, for changes that free what they add: else a full store could not be emptied.
    fn commit_in_reserve(&mut self, change: &mut ChangeSet) -> Result<Room, Fault> {
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
            result => result.map(|()| Room::Reserve),
        }
    }

    /// LMDB uses the pages that a transaction freed only in the next but one. At the limit there may be no next one without
    /// them: so one that changes nothing goes in between, in the reserve. False when it would not help any more.
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

    /// Doubles the map, by a gigabyte at most; false at the limit.
    pub(super) fn grow(&mut self) -> Result<bool, Fault> {
        let (size, limit) = (self.map.size(), self.map.size_max());
        if size >= limit {
            return Ok(false);
        }
        self.resize(size.saturating_add(size.min(GROWTH_MAX)).min(limit))?;
        Ok(true)
    }

    /// Moves the map. The anchor is moved to the present state first, so that nothing is to be held meanwhile.
    fn resize(&mut self, size: usize) -> Result<(), Fault> {
        let Some((_, sync_point)) = &mut self.interval_sync else { return self.map.resize(size) };
        sync_point.save(&self.map)?;
        sync_point.release_pin();
        self.map.resize(size)?;
        sync_point.pin_current(&self.map)
    }
}

/// The part of the limit that has to be free before the store is no longer full.
const HEADROOM: usize = 32;
const GROWTH_MAX: usize = 1 << 30;
