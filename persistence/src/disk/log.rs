//! The log: changes that are committed but not yet in their tables. It consists of rows in the database `meta`.
//! A checkpoint writes them to the tables and empties the log; opening the store does the same. Most queued
//! messages are completed before the next checkpoint and never reach a table.
//!
//! ```text
//!  row    key: "log" and the number of the row (8 bytes, rising); value: frames
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

/// The number of the next row, and the number of bytes in the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Log {
    next: u64,
    bytes: usize,
}

impl Log {
    /// Appends a change set. The returned value replaces `self` once the transaction is committed.
    pub(super) fn append(
        self,
        meta: &Table,
        txn: &mut RwTxn<'_>,
        change: &ChangeSet,
        buffer: &mut ArchiveBuffer,
    ) -> Result<Self, Fault> {
        write::Rows::new(self, meta, txn).write(change, buffer)
    }

    /// Reads the whole log into one change set. Returns it with the state of the log.
    pub(super) fn read(meta: &Table, txn: &RoTxn<'_>) -> Result<(Self, ChangeSet), Fault> {
        let (mut log, mut replay) = (Self::default(), read::LogReplay::default());
        for row in meta.prefix(txn, KEY_PREFIX)? {
            let row = row?;
            let corrupt = |fault| meta.corrupt(row.key, fault);
            let number = row_number(row.key).ok_or_else(|| corrupt("a key of the wrong length"))?;
            log.next = number.checked_add(1).ok_or_else(|| corrupt("an impossible number"))?;
            log.bytes += row.value.len();
            replay.fold(row.value).map_err(corrupt)?;
        }
        Ok((log, replay.finish()))
    }

    /// Returns the number of the first row; `None` if the log is empty.
    pub(super) fn first(meta: &Table, txn: &RoTxn<'_>) -> Result<Option<u64>, Fault> {
        let row = meta.prefix(txn, KEY_PREFIX)?.next().transpose()?;
        Ok(row.and_then(|row| row_number(row.key)))
    }

    /// Returns the state of the log after it was emptied. Row numbers continue, so that a reader notices that the log
    /// was emptied.
    pub(super) fn emptied(self) -> Self {
        Self { bytes: 0, ..self }
    }

    /// Deletes all rows.
    pub(super) fn clear(meta: &Table, txn: &mut RwTxn<'_>) -> Result<(), Fault> {
        meta.delete_prefix(txn, KEY_PREFIX)
    }

    pub(super) fn bytes(self) -> usize {
        self.bytes
    }
}

fn row_key(number: u64) -> [u8; 11] {
    let mut key = [0; 11];
    let (prefix, rest) = key.split_at_mut(KEY_PREFIX.len());
    prefix.copy_from_slice(KEY_PREFIX);
    rest.copy_from_slice(&number.to_be_bytes());
    key
}

fn row_number(key: &[u8]) -> Option<u64> {
    key.strip_prefix(KEY_PREFIX).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes)
}

const KEY_PREFIX: &[u8] = b"log";
