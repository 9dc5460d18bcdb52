//! What is committed and not in its tables yet: rows in the database `meta` that a start replays, and a checkpoint empties.
//! Most of what is queued is completed before the next checkpoint, and never reaches a table.
//!
//! ```text
//!  row    key "log" and a number of 8 bytes that rises; value: frames
//!  frame  kind, length of the key (1 byte each), length of the value (4 bytes, little-endian), key, value
//! ```

use heed::{RoTxn, RwTxn};

use super::fault::Fault;
use super::tables::Table;
use crate::change::ChangeSet;
use crate::record::ArchiveBuffer;

mod frame;
mod read;
mod write;

/// Where the log ends, and how much is in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Log {
    next: u64,
    bytes: usize,
}

impl Log {
    /// Appends a change. The result takes the place of this once the transaction is committed.
    pub(super) fn append(
        self,
        meta: &Table,
        txn: &mut RwTxn<'_>,
        change: &ChangeSet,
        buffer: &mut ArchiveBuffer,
    ) -> Result<Self, Fault> {
        write::Rows::new(self, meta, txn).write(change, buffer)
    }

    /// Reads all of it into one change, and where it ends.
    pub(super) fn read(meta: &Table, txn: &RoTxn<'_>) -> Result<(Self, ChangeSet), Fault> {
        let (mut log, mut replay) = (Self::default(), read::Replay::default());
        for row in meta.prefix(txn, PREFIX)? {
            let row = row?;
            let corrupt = |fault| meta.corrupt(row.key, fault);
            log.next = number(row.key).ok_or_else(|| corrupt("a key of the wrong length"))? + 1;
            log.bytes += row.value.len();
            replay.fold(row.value).map_err(corrupt)?;
        }
        Ok((log, replay.finish()))
    }

    /// The number of its first row; `None` when it is empty.
    pub(super) fn first(meta: &Table, txn: &RoTxn<'_>) -> Result<Option<u64>, Fault> {
        let row = meta.prefix(txn, PREFIX)?.next().transpose()?;
        Ok(row.and_then(|row| number(row.key)))
    }

    /// The same log, emptied. Its numbers rise for ever, so that a reader sees that it was.
    pub(super) fn emptied(self) -> Self {
        Self { bytes: 0, ..self }
    }

    /// Deletes its rows.
    pub(super) fn clear(meta: &Table, txn: &mut RwTxn<'_>) -> Result<(), Fault> {
        meta.delete_prefix(txn, PREFIX)
    }

    pub(super) fn bytes(self) -> usize {
        self.bytes
    }
}

fn key(number: u64) -> [u8; 11] {
    let mut key = [0; 11];
    let (prefix, rest) = key.split_at_mut(PREFIX.len());
    prefix.copy_from_slice(PREFIX);
    rest.copy_from_slice(&number.to_be_bytes());
    key
}

fn number(key: &[u8]) -> Option<u64> {
    key.strip_prefix(PREFIX).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes)
}

const PREFIX: &[u8] = b"log";
