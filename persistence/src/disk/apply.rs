//! Applies change sets to a transaction, in key order, which is the fastest order for LMDB. The caller commits the
//! transaction.

use heed::RwTxn;

use super::fault::Fault;
use super::references::{ReferenceDeltas, References};
use super::tables::{Table, Tables};
use super::text_key::TextKeys;
use crate::change::ChangeSet;
use crate::record::{ArchiveBuffer, RetainedRecord, StoredMessage};

mod entry;
mod session;

/// Applies change sets to a transaction.
pub(super) struct TableWriter<'a, 'e> {
    pub(super) tables: &'a Tables,
    pub(super) keys: TextKeys,
    pub(super) references: &'a References,
    pub(super) buffer: &'a mut ArchiveBuffer,
    pub(super) txn: &'a mut RwTxn<'e>,
    pub(super) deltas: ReferenceDeltas,
    pub(super) balance: Balance,
}

/// Numbers of bytes of keys and values that a transaction adds and removes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Balance {
    added: usize,
    removed: usize,
}

impl TableWriter<'_, '_> {
    /// Applies several change sets, one after the other.
    pub(super) fn apply_all(&mut self, changes: &[&ChangeSet]) -> Result<(), Fault> {
        for change in changes {
            self.apply_sessions(change)?;
            self.apply_entries(change)?;
            self.apply_retained(change)?;
        }
        self.apply_bodies(changes)
    }

    /// Writes each body that gets its first entry, and deletes each body whose last entry was deleted.
    fn apply_bodies(&mut self, changes: &[&ChangeSet]) -> Result<(), Fault> {
        let table = &self.tables.messages;
        for (id, delta) in self.deltas.sorted() {
            let key = id.0.to_be_bytes();
            match (self.references.count_of(id), self.references.count_after(id, delta)) {
                (0, 0) => {}
                (0, _) => {
                    let body = changes.iter().find_map(|change| change.body(id));
                    self.put_body(&key, body.ok_or_else(|| table.corrupt(&key, "an entry has no body"))?)?;
                }
                (_, 0) => self.delete(table, &key)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn put_body(&mut self, key: &[u8], body: &StoredMessage) -> Result<(), Fault> {
        let table = &self.tables.messages;
        body.check_memory()?;
        let value = body.archive(self.buffer).map_err(|fault| table.corrupt(key, fault))?;
        self.balance.add(key, value);
        table.put(self.txn, key, value)
    }

    fn apply_retained(&mut self, change: &ChangeSet) -> Result<(), Fault> {
        let table = &self.tables.retained;
        for ((tenant, topic), stored) in &change.retained {
            let is_same = |value: &[u8]| {
                RetainedRecord::read(value)
                    .map(|read| read.tenant == &**tenant && read.message.topic == &**topic)
            };
            let text = retained_text(tenant, topic);
            let key = self.keys.locate(table, self.txn, &[], &text, is_same)?;
            match stored {
                Some(stored) => {
                    stored.check_memory()?;
                    let value = stored.archive_retained(tenant, self.buffer);
                    let value = value.map_err(|fault| table.corrupt(&key, fault))?;
                    self.balance.add(&key, value);
                    table.put(self.txn, &key, value)?;
                }
                None => self.delete(table, &key)?,
            }
        }
        Ok(())
    }

    fn delete(&mut self, table: &Table, key: &[u8]) -> Result<(), Fault> {
        if let Some(value) = table.get(self.txn, key)? {
            self.balance.remove(key, value.len());
            table.delete(self.txn, key)?;
        }
        Ok(())
    }
}

impl Balance {
    /// Whether the transaction removes at least as much as it adds.
    pub(super) fn frees_space(self) -> bool {
        self.removed >= self.added
    }

    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.added += key.len() + value.len();
    }

    /// Counts a removed record, whose value has `value_len` bytes.
    pub(super) fn remove(&mut self, key: &[u8], value_len: usize) {
        self.removed += key.len() + value_len;
    }
}

/// Returns the text that identifies a retained message: the length of the tenant, the tenant, and the topic. The length
/// makes the text unambiguous.
fn retained_text(tenant: &str, topic: &str) -> Vec<u8> {
    let length = u32::try_from(tenant.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length, tenant.as_bytes(), topic.as_bytes()].concat()
}
