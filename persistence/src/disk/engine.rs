//! The LMDB environment as the writer uses it: transactions and syncs. The submodules contain commits to the log, the
//! handling of space, and the time mark.

use std::sync::Arc;
use std::time::Duration;

use heed::RwTxn;

use super::apply::{Balance, TableWriter};
use super::fault::Fault;
use super::ids::{IdMarks, Ids};
use super::log::Log;
use super::presence::Presence;
use super::references::{ReferenceDeltas, References};
use super::sync_point::SyncPoint;
use super::tables::{MESSAGES_KEY, SESSIONS_KEY, TIME_KEY, Table};
use super::text_key::TextKeys;
use super::timeline::{TimeMark, Timeline};
use crate::change::ChangeSet;
use crate::record::ArchiveBuffer;

mod capacity;
mod commit;
mod map;
mod space;
#[cfg(test)]
mod tests;
mod time;

pub(super) use capacity::{Capacity, initial_length};
pub(super) use map::{Map, ReadView, whole_pages};

/// The state that the writer owns.
pub(super) struct Engine {
    map: Arc<Map>,
    capacity: Capacity,
    keys: TextKeys,
    references: References,
    id_marks: IdMarks,
    ids: Arc<Ids>,
    buffer: ArchiveBuffer,
    log: Log,
    /// The content of the log, which is not in the tables yet.
    pending: ChangeSet,
    /// The write cost of everything logged since the last checkpoint.
    logged_cost: usize,
    /// Number of further commits that are written to the tables directly instead of the log.
    log_bypass: u32,
    /// Number of bodies without entries that were deleted when the store was opened.
    orphans: u64,
    /// Whether the last transaction was an empty one, which was committed so that freed pages can be reused.
    empty_commit_done: bool,
    /// The sync interval and the sync point; `None` if LMDB syncs each commit.
    interval_sync: Option<(Duration, SyncPoint)>,
    presence: Presence,
    timeline: Timeline,
}

/// Counts made while opening the store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    /// Number of message bodies on disk.
    pub(super) bodies: u64,
    /// Number of bodies without entries that were deleted.
    pub(super) orphans: u64,
}

/// The result of opening the environment.
pub(super) struct Opened {
    pub(super) map: Arc<Map>,
    pub(super) capacity: Capacity,
    pub(super) keys: TextKeys,
    pub(super) references: References,
    pub(super) id_marks: IdMarks,
    pub(super) orphans: u64,
    pub(super) interval: Option<Duration>,
    pub(super) time_mark: Option<TimeMark>,
}

/// The part of the map that a change was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Within the map without the reserve.
    BelowLimit,
    /// In the reserve after the map. While memory is short, every commit counts as one in the reserve.
    Reserve,
}

impl Engine {
    pub(super) fn new(opened: Opened, ids: Arc<Ids>, timeline: Timeline) -> Result<Self, Fault> {
        let Opened { map, capacity, keys, references, id_marks, orphans, interval, time_mark: _ } = opened;
        let interval_sync = match interval {
            Some(interval) => Some((interval, SyncPoint::create(&map, timeline.boot_id()?)?)),
            None => None,
        };
        let (buffer, presence) = (ArchiveBuffer::default(), Presence::new(&map)?);
        Ok(Self {
            map,
            capacity,
            keys,
            references,
            id_marks,
            ids,
            buffer,
            log: Log::default(),
            pending: ChangeSet::default(),
            logged_cost: 0,
            log_bypass: 0,
            orphans,
            empty_commit_done: false,
            interval_sync,
            presence,
            timeline,
        })
    }

    pub(super) fn map(&self) -> &Arc<Map> {
        &self.map
    }

    pub(super) fn interval(&self) -> Option<Duration> {
        self.interval_sync.as_ref().map(|(interval, _)| *interval)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { bodies: self.body_count(), orphans: self.orphans }
    }

    /// Returns the number of message bodies on disk.
    pub(super) fn body_count(&self) -> u64 {
        u64::try_from(self.references.len() + self.pending.body_count()).unwrap_or(u64::MAX)
    }

    /// Returns [`Fault::Displaced`] if the files of the store are no longer at their paths.
    pub(super) fn verify_presence(&self) -> Result<(), Fault> {
        self.presence.verify()
    }

    /// Syncs with interval durability, and otherwise does nothing. Afterwards, everything committed is on the disk.
    pub(super) fn sync(&mut self) -> Result<(), Fault> {
        match &mut self.interval_sync {
            Some((_, sync_point)) => sync_point.save(&self.map),
            None => Ok(()),
        }
    }

    /// Marks the sync point after a failed sync, so that the next start returns to the state of the sync point.
    pub(super) fn invalidate(&self) {
        if let Some((_, sync_point)) = &self.interval_sync
            && let Err(error) = sync_point.invalidate()
        {
            tracing::error!(%error, "a sync failed, and the sync point cannot be marked as the state to return to: restore a snapshot");
        }
    }

    /// Removes the sync point. Everything must be synced, and nothing may be committed afterwards.
    pub(super) fn close(self) {
        if let Some((_, sync_point)) = self.interval_sync
            && let Err(error) = sync_point.remove()
        {
            tracing::warn!(%error, "the sync point of a closed store cannot be removed; the next start removes it");
        }
    }

    /// Writes the pending changes and `change` to the tables in one transaction, and empties both change sets. An error
    /// leaves both unchanged. `allowed` decides whether the transaction may be committed.
    fn commit_to_tables(
        &mut self,
        change: &mut ChangeSet,
        allowed: impl Fn(Balance) -> bool,
    ) -> Result<(), Fault> {
        self.pending.purge_closed();
        let mut txn = self.map.env().write_txn()?;
        let meta = &self.map.tables().meta;
        let mut apply = TableWriter {
            tables: self.map.tables(),
            keys: self.keys,
            references: &self.references,
            buffer: &mut self.buffer,
            txn: &mut txn,
            deltas: ReferenceDeltas::default(),
            balance: Balance::default(),
        };
        apply.apply_all(&[&self.pending, change])?;
        let TableWriter { deltas, mut balance, .. } = apply;
        balance.remove(&[], self.log.bytes());
        if !allowed(balance) {
            return Err(self.capacity.full());
        }
        Log::clear(meta, &mut txn)?;
        let id_marks = put_marks(meta, &mut txn, &self.ids, self.id_marks)?;
        let time = self.timeline.mark();
        meta.raise_schema(&mut txn)?;
        meta.put(&mut txn, TIME_KEY, &time.to_bytes())?;
        txn.commit()?;
        self.timeline.mark_written(time);
        self.references.apply_deltas(&deltas);
        (self.id_marks, self.empty_commit_done, self.log) = (id_marks, false, self.log.emptied());
        self.pending.clear();
        change.clear();
        Ok(())
    }
}

/// Raises the high-water marks in the file if necessary. Returns the marks that the file then has.
fn put_marks(meta: &Table, txn: &mut RwTxn<'_>, ids: &Ids, id_marks: IdMarks) -> Result<IdMarks, Fault> {
    let Some(raised) = ids.raise(id_marks) else { return Ok(id_marks) };
    meta.put(txn, SESSIONS_KEY, &raised.sessions.to_le_bytes())?;
    meta.put(txn, MESSAGES_KEY, &raised.messages.to_le_bytes())?;
    Ok(raised)
}
