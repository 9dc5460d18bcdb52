//! The LMDB environment in the writer's hands: transactions, room, syncs.

use std::sync::Arc;
use std::time::Duration;

use heed::RwTxn;

use super::anchor::Anchor;
use super::apply::{Apply, Balance};
use super::fault::Fault;
use super::ids::{Ids, Marks};
use super::log::Log;
use super::references::{References, Shift};
use super::tables::{MESSAGES_KEY, SCHEMA, SCHEMA_KEY, SESSIONS_KEY, Table};
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
    log: Log,
    /// What is in the log and not in its tables.
    pending: Change,
    /// The weight of all that was logged since the last checkpoint.
    logged: usize,
    /// Commits for which the log is left aside.
    lasting: u32,
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
        Ok(Self {
            map,
            keys,
            references,
            marks,
            ids,
            buffer,
            log: Log::default(),
            pending: Change::default(),
            logged: 0,
            lasting: 0,
            orphans,
            aged: false,
            lazy,
        })
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
        u64::try_from(self.references.len() + self.pending.bodies.len()).unwrap_or(u64::MAX)
    }

    /// Writes the change in one transaction, growing the map as needed, and empties it. An error leaves all as it was.
    /// `is_full`: there is no room for a log.
    pub(super) fn commit(&mut self, change: &mut Change, is_full: bool) -> Result<Room, Fault> {
        if change.is_void() {
            *change = Change::default();
            return Ok(Room::Ample);
        }
        if is_full || self.is_to_last(change) {
            let room = self.write(change);
            return room.map_err(|fault| fault.with_room_of(self.map.folder()));
        }
        let room = loop {
            match self.log(change) {
                Err(Fault::MapFull) if self.map.forget_dead_readers()? || self.grow()? => {}
                // At the limit: the log itself takes room.
                Err(Fault::MapFull) => break self.write(change),
                Ok(()) => {
                    self.logged += change.weight();
                    self.pending.merge(core::mem::take(change));
                    break Ok(Room::Ample);
                }
                Err(fault) => break Err(fault),
            }
        };
        room.map_err(|fault| fault.with_room_of(self.map.folder()))
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
    pub(super) fn is_checkpoint_due(&self) -> bool {
        self.log.bytes() > self.log_bytes_max() || self.pending.weight() > PENDING_MAX
    }

    /// Whether the log is empty.
    pub(super) fn is_checkpointed(&self) -> bool {
        self.log.bytes() == 0
    }

    /// Writes what is in the log to its tables, and empties the log.
    pub(super) fn checkpoint(&mut self) -> Result<Room, Fault> {
        if self.is_checkpointed() {
            return Ok(Room::Ample);
        }
        let (logged, lasting) = (core::mem::take(&mut self.logged), self.pending.weight());
        let room = self.write(&mut Change::default());
        if lasting > LASTING_MIN && lasting * 2 > logged {
            self.lasting = LASTING_COMMITS;
        }
        room.map_err(|fault| fault.with_room_of(self.map.folder()))
    }

    /// Takes up what the log of a former owner has.
    pub(super) fn replay(&mut self) -> Result<(), Fault> {
        let view = self.map.view()?;
        let (log, pending) = Log::read(&view.tables.meta, &view.txn)?;
        drop(view);
        (self.log, self.pending) = (log, pending);
        self.checkpoint().map(drop)
    }

    /// Writes what is pending and the change to their tables.
    fn write(&mut self, change: &mut Change) -> Result<Room, Fault> {
        loop {
            match self.transact(change, |_| true) {
                Err(Fault::MapFull) if self.map.forget_dead_readers()? || self.grow()? || self.age()? => {}
                Err(Fault::MapFull) => return self.commit_in_reserve(change),
                result => return result.map(|()| Room::Ample),
            }
        }
    }

    /// Appends the change to the log.
    fn log(&mut self, change: &Change) -> Result<(), Fault> {
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
        Ok(())
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
    fn commit_in_reserve(&mut self, change: &mut Change) -> Result<Room, Fault> {
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

    /// On success the change, and what is pending, are in their tables and gone from here.
    fn transact(&mut self, change: &mut Change, allowed: impl Fn(Balance) -> bool) -> Result<(), Fault> {
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        let mut apply = Apply {
            tables: self.map.tables(),
            keys: self.keys,
            references: &self.references,
            buffer: &mut self.buffer,
            txn: &mut txn,
            shift: Shift::default(),
            balance: Balance::default(),
        };
        apply.changes(&[&self.pending, change])?;
        let Apply { shift, mut balance, .. } = apply;
        balance.remove(&[], self.log.bytes());
        if !allowed(balance) {
            return Err(Fault::SizeLimit(self.map.size_max()));
        }
        Log::clear(meta, &mut txn)?;
        let marks = put_marks(meta, &mut txn, &self.ids, self.marks)?;
        txn.commit()?;
        self.references.apply(&shift);
        (self.marks, self.aged, self.log) = (marks, false, self.log.emptied());
        (self.pending, *change) = (Change::default(), Change::default());
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
/// Bytes of the log before a checkpoint; its entries are held in memory as well.
const LOG_BYTES_MAX: usize = 64 << 20;
/// Entries that a checkpoint writes at most, more or less: commits wait for it.
const PENDING_MAX: usize = 65_536;
/// The part of the size limit that the log may take.
const LOG_PART: usize = 32;
/// For how many commits the log is left aside when most of it lasted, and from how much on that is judged.
const LASTING_COMMITS: u32 = 256;
const LASTING_MIN: usize = 1024;
const GROWTH_MAX: usize = 1 << 30;

/// Raises the marks in the file where they have to; gives those of the file from now on.
fn put_marks(meta: &Table, txn: &mut RwTxn<'_>, ids: &Ids, marks: Marks) -> Result<Marks, Fault> {
    let Some(raised) = ids.raise(marks) else { return Ok(marks) };
    meta.put(txn, SESSIONS_KEY, &raised.sessions.to_le_bytes())?;
    meta.put(txn, MESSAGES_KEY, &raised.messages.to_le_bytes())?;
    Ok(raised)
}
