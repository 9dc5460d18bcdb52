//! The LMDB environment in the writer's hands: transactions and syncs. Log and room are in the parts.

use std::sync::Arc;
use std::time::Duration;

use heed::RwTxn;

use super::apply::{Apply, Balance};
use super::fault::Fault;
use super::ids::{Ids, Marks};
use super::log::Log;
use super::references::{ReferenceDeltas, References};
use super::sync_point::SyncPoint;
use super::tables::{MESSAGES_KEY, SESSIONS_KEY, Table};
use super::text_key::TextKeys;
use crate::change::ChangeSet;
use crate::record::ArchiveBuffer;

mod commit;
mod map;
mod room;

pub(super) use map::{Map, whole_pages};

/// What the writer has.
pub(super) struct Engine {
    map: Arc<Map>,
    keys: TextKeys,
    references: References,
    marks: Marks,
    ids: Arc<Ids>,
    buffer: ArchiveBuffer,
    log: Log,
    /// What is in the log and not in its tables.
    pending: ChangeSet,
    /// The weight of all that was logged since the last checkpoint.
    logged_cost: usize,
    /// Commits for which the log is left aside.
    log_bypass: u32,
    orphans: u64,
    /// A transaction that changes nothing was the last one.
    empty_commit_done: bool,
    /// How often to sync, and the way back to the last time; `None`: LMDB syncs each commit.
    interval_sync: Option<(Duration, SyncPoint)>,
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
        let interval_sync = match interval {
            Some(interval) => Some((interval, SyncPoint::create(&map)?)),
            None => None,
        };
        let buffer = ArchiveBuffer::default();
        Ok(Self {
            map,
            keys,
            references,
            marks,
            ids,
            buffer,
            log: Log::default(),
            pending: ChangeSet::default(),
            logged_cost: 0,
            log_bypass: 0,
            orphans,
            empty_commit_done: false,
            interval_sync,
        })
    }

    pub(super) fn map(&self) -> &Arc<Map> {
        &self.map
    }

    pub(super) fn interval(&self) -> Option<Duration> {
        self.interval_sync.as_ref().map(|(interval, _)| *interval)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { bodies: self.bodies(), orphans: self.orphans }
    }

    /// Bodies on disk.
    pub(super) fn bodies(&self) -> u64 {
        u64::try_from(self.references.len() + self.pending.bodies()).unwrap_or(u64::MAX)
    }

    /// What was committed is on the disk when this returns.
    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        match &mut self.interval_sync {
            Some((_, sync_point)) => sync_point.save(&self.map),
            None => Ok(()),
        }
    }

    /// A sync failed: the next start goes back to the one before.
    pub(super) fn invalidate(&self) {
        if let Some((_, sync_point)) = &self.interval_sync
            && let Err(error) = sync_point.invalidate()
        {
            tracing::error!(%error, "after a failed sync the anchor cannot be renamed: restore a snapshot");
        }
    }

    /// Everything is synced and nothing will follow.
    pub(super) fn close(self) {
        if let Some((_, sync_point)) = self.interval_sync
            && let Err(error) = sync_point.remove()
        {
            tracing::warn!(%error, "the anchor of a closed store cannot be removed");
        }
    }

    /// On success the change, and what is pending, are in their tables and gone from here.
    fn transact(&mut self, change: &mut ChangeSet, allowed: impl Fn(Balance) -> bool) -> Result<(), Fault> {
        self.pending.purge_closed();
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        let mut apply = Apply {
            tables: self.map.tables(),
            keys: self.keys,
            references: &self.references,
            buffer: &mut self.buffer,
            txn: &mut txn,
            deltas: ReferenceDeltas::default(),
            balance: Balance::default(),
        };
        apply.changes(&[&self.pending, change])?;
        let Apply { deltas, mut balance, .. } = apply;
        balance.remove(&[], self.log.bytes());
        if !allowed(balance) {
            return Err(Fault::SizeLimit(self.map.size_max()));
        }
        Log::clear(meta, &mut txn)?;
        let marks = put_marks(meta, &mut txn, &self.ids, self.marks)?;
        txn.commit()?;
        self.references.apply(&deltas);
        (self.marks, self.empty_commit_done, self.log) = (marks, false, self.log.emptied());
        self.pending.clear();
        change.clear();
        Ok(())
    }
}

/// Raises the marks in the file where they have to; gives those of the file from now on.
fn put_marks(meta: &Table, txn: &mut RwTxn<'_>, ids: &Ids, marks: Marks) -> Result<Marks, Fault> {
    let Some(raised) = ids.raise(marks) else { return Ok(marks) };
    meta.put(txn, SESSIONS_KEY, &raised.sessions.to_le_bytes())?;
    meta.put(txn, MESSAGES_KEY, &raised.messages.to_le_bytes())?;
    Ok(raised)
}
