//! The LMDB environment in the writer's hands: transactions, room, syncs.

use std::sync::Arc;
use std::time::Duration;

use super::anchor::Anchor;
use super::apply::{Apply, Balance};
use super::fault::Fault;
use super::ids::{Ids, Marks};
use super::references::{References, Shift};
use super::text_key::TextKeys;
use crate::change::Change;
use crate::record::Buffer;

mod map;

use map::Reserve;
pub(super) use map::{Map, whole_pages};

/// What the writer has.
pub(super) struct Engine {
    map: Arc<Map>,
    keys: TextKeys,
    references: References,
    marks: Marks,
    ids: Arc<Ids>,
    buffer: Buffer,
    orphans: u64,
    /// A transaction that changes nothing was the last one.
    aged: bool,
    /// How often to sync, and the way back to the last time; `None`: LMDB syncs each commit.
    lazy: Option<(Duration, Anchor)>,
}

/// What was counted at the start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) bodies: u64,
    pub(super) orphans: u64,
}

/// What opening found.
pub(super) struct Opened {
    pub(super) map: Arc<Map>,
    pub(super) keys: TextKeys,
    pub(super) references: References,
    pub(super) marks: Marks,
    pub(super) orphans: u64,
    pub(super) interval: Option<Duration>,
}

/// Where a change found room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// Below the limit.
    Ample,
    /// Above it.
    Reserve,
}

impl Engine {
    pub(super) fn new(opened: Opened, ids: Arc<Ids>) -> Result<Self, Fault> {
        let Opened { map, keys, references, marks, orphans, interval } = opened;
        let lazy = match interval {
            Some(interval) => Some((interval, Anchor::drop_at(&map)?)),
            None => None,
        };
        let buffer = Buffer::default();
        Ok(Self { map, keys, references, marks, ids, buffer, orphans, aged: false, lazy })
    }

    pub(super) fn map(&self) -> &Arc<Map> {
        &self.map
    }

    pub(super) fn interval(&self) -> Option<Duration> {
        self.lazy.as_ref().map(|(interval, _)| *interval)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { bodies: self.bodies(), orphans: self.orphans }
    }

    /// Bodies on disk.
    pub(super) fn bodies(&self) -> u64 {
        u64::try_from(self.references.len()).unwrap_or(u64::MAX)
    }

    /// Writes the change in one transaction, growing the map as needed. An error leaves all as it was.
    pub(super) fn commit(&mut self, change: &Change) -> Result<Room, Fault> {
        let result = loop {
            match self.transact(change, |_| true) {
                Err(Fault::MapFull) if self.map.forget_dead_readers()? || self.grow()? || self.age()? => {}
                Err(Fault::MapFull) => break self.commit_in_reserve(change),
                result => break result.map(|()| Room::Ample),
            }
        };
        result.map_err(|fault| fault.with_room_of(self.map.folder()))
    }

    /// Whether what is stored leaves some room below the limit.
    pub(super) fn has_room(&self) -> Result<bool, Fault> {
        let limit = self.map.size_max();
        Ok(self.map.used()? <= limit - limit / HEADROOM)
    }

    /// What was committed is on the disk when this returns.
    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        match &mut self.lazy {
            Some((_, anchor)) => anchor.weigh(&self.map),
            None => Ok(()),
        }
    }

    /// A sync failed: the next start goes back to the one before.
    pub(super) fn distrust(&self) {
        if let Some((_, anchor)) = &self.lazy
            && let Err(error) = anchor.distrust()
        {
            tracing::error!(%error, "after a failed sync the anchor cannot be renamed: restore a snapshot");
        }
    }

    /// Everything is synced and nothing will follow.
    pub(super) fn close(self) {
        if let Some((_, anchor)) = self.lazy
            && let Err(error) = anchor.remove()
        {
            tracing::warn!(%error, "the anchor of a closed store cannot be removed");
        }
    }

    /// Above the limit there is room for what was taken before anybody knew, and for sessions that come back for what waits;
    /// above that, for changes that free what they add: else a full store could not be emptied.
    fn commit_in_reserve(&mut self, change: &Change) -> Result<Room, Fault> {
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

    fn transact(&mut self, change: &Change, allowed: impl Fn(Balance) -> bool) -> Result<(), Fault> {
        let mut txn = self.map.env().write_txn()?;
        let mut apply = Apply {
            tables: self.map.tables(),
            keys: self.keys,
            references: &self.references,
            buffer: &mut self.buffer,
            txn: &mut txn,
            shift: Shift::default(),
            balance: Balance::default(),
        };
        apply.change(change)?;
        let marks = apply.marks(&self.ids, self.marks)?;
        let Apply { shift, balance, .. } = apply;
        if !allowed(balance) {
            return Err(Fault::SizeLimit(self.map.size_max()));
        }
        txn.commit()?;
        self.references.apply(&shift);
        self.marks = marks;
        self.aged = false;
        Ok(())
    }

    /// LMDB uses the pages that a transaction freed only in the next but one. At the limit there may be no next one without
    /// them: so one that changes nothing goes in between, in the reserve. False when it would not help any more.
    fn age(&mut self) -> Result<bool, Fault> {
        if self.aged {
            return Ok(false);
        }
        self.resize(self.map.size_with_reserve(Reserve::Freeing))?;
        let result = self.map.rewrite_meta();
        self.resize(self.map.size_max())?;
        self.aged = true;
        match result {
            Err(Fault::MapFull) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Doubles the map, by a gigabyte at most; false at the limit.
    fn grow(&mut self) -> Result<bool, Fault> {
        let (size, limit) = (self.map.size(), self.map.size_max());
        if size >= limit {
            return Ok(false);
        }
        self.resize(size.saturating_add(size.min(GROWTH_MAX)).min(limit))?;
        Ok(true)
    }

    /// Moves the map. The anchor is moved to the present state first, so that nothing is to be held meanwhile.
    fn resize(&mut self, size: usize) -> Result<(), Fault> {
        let Some((_, anchor)) = &mut self.lazy else { return self.map.resize(size) };
        anchor.weigh(&self.map)?;
        anchor.let_go();
        self.map.resize(size)?;
        anchor.hold(&self.map)
    }
}

/// The part of the limit that has to be free before the store is no longer full.
const HEADROOM: usize = 32;
const GROWTH_MAX: usize = 1 << 30;
