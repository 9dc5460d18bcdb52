//! Counts how many entries refer to each body. The counts are computed from the entries when the store is
//! opened, and then kept in memory.

use foldhash::HashMap;
use heed::RoTxn;

use super::engine::Map;
use super::fault::Fault;
use super::key::{read_entry_key, read_number};
use super::tables::{Row, Tables};
use crate::record::{MessageId, holds_body};

/// Reference counts of the bodies on disk.
#[derive(Debug, Default)]
pub(super) struct References(HashMap<MessageId, u32>);

/// The changes of reference counts that a transaction causes.
#[derive(Debug, Default)]
pub(super) struct ReferenceDeltas(HashMap<MessageId, i64>);

impl References {
    /// Counts the references of all entries in the file.
    pub(super) fn count(tables: &Tables, txn: &RoTxn<'_>) -> Result<Self, Fault> {
        let mut counts = Self::default();
        for row in tables.entries.iter(txn)? {
            let Row { key, value } = row?;
            let corrupt = |fault| tables.entries.corrupt(key, fault);
            let entry = read_entry_key(key).ok_or_else(|| corrupt("a key of the wrong length"))?;
            if holds_body(value).map_err(corrupt)? {
                *counts.0.entry(entry.message).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// Returns the keys of the bodies in the file that no entry refers to.
    pub(super) fn orphans(&self, tables: &Tables, txn: &RoTxn<'_>) -> Result<Vec<[u8; 8]>, Fault> {
        let mut orphans = Vec::new();
        for row in tables.messages.iter(txn)? {
            let key = row?.key;
            let id =
                read_number(key).ok_or_else(|| tables.messages.corrupt(key, "a key of the wrong length"))?;
            if self.count_of(MessageId(id)) == 0 {
                orphans.push(id.to_be_bytes());
            }
        }
        Ok(orphans)
    }

    pub(super) fn count_of(&self, message: MessageId) -> u32 {
        self.0.get(&message).copied().unwrap_or(0)
    }

    /// Applies the changes of the counts after the transaction was committed.
    pub(super) fn apply_deltas(&mut self, deltas: &ReferenceDeltas) {
        for (message, delta) in &deltas.0 {
            match self.count_after(*message, *delta) {
                0 => self.0.remove(message),
                count => self.0.insert(*message, count),
            };
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the count of a message after a change by `delta`.
    pub(super) fn count_after(&self, message: MessageId, delta: i64) -> u32 {
        let count = i64::from(self.count_of(message)).saturating_add(delta);
        u32::try_from(count.max(0)).unwrap_or(u32::MAX)
    }
}

impl ReferenceDeltas {
    pub(super) fn add(&mut self, message: MessageId, delta: i64) {
        *self.0.entry(message).or_default() += delta;
    }

    /// Returns the messages whose counts change, with the changes, ordered by id.
    pub(super) fn sorted(&self) -> Vec<(MessageId, i64)> {
        let mut all: Vec<_> = self
            .0
            .iter()
            .filter(|(_, delta)| **delta != 0)
            .map(|(message, delta)| (*message, *delta))
            .collect();
        all.sort_unstable();
        all
    }
}

/// Deletes bodies that no entry refers to. If there is no space for the deletion, the bodies stay until the next start.
pub(super) fn delete(map: &Map, orphans: &[[u8; 8]]) -> Result<(), Fault> {
    let delete = || {
        let mut txn = map.env().write_txn()?;
        for key in orphans {
            map.tables().messages.delete(&mut txn, key)?;
        }
        Ok(txn.commit()?)
    };
    match delete() {
        Err(fault) if Fault::is_out_of_space(&fault) => Ok(()),
        result => result,
    }
}
