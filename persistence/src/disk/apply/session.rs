//! Applies the sessions of a change set, without their entries.

use super::TableWriter;
use crate::change::{ChangeSet, SessionChange};
use crate::disk::fault::Fault;
use crate::disk::key::{read_entry_key, received_key};
use crate::disk::tables::Row;
use crate::record::{SessionId, SubscriptionRecord, holds_body};

impl TableWriter<'_, '_> {
    /// Applies sessions, subscriptions and received packet ids.
    pub(super) fn apply_sessions(&mut self, change: &ChangeSet) -> Result<(), Fault> {
        let mut all: Vec<_> = change.sessions().collect();
        all.sort_unstable_by_key(|session| session.id);
        all.into_iter().try_for_each(|session| self.apply_session(session))
    }

    fn apply_session(&mut self, change: &SessionChange) -> Result<(), Fault> {
        let id = change.id;
        if change.deleted_first {
            self.delete_all_of(id)?;
        }
        if let Some(record) = &change.record {
            let (table, key) = (&self.tables.sessions, id.0.to_be_bytes());
            let value = record.archive(self.buffer).map_err(|fault| table.corrupt(&key, fault))?;
            self.balance.add(&key, value);
            table.put(self.txn, &key, value)?;
        }
        self.apply_subscriptions(id, change)?;
        self.apply_received(id, change)
    }

    fn delete_all_of(&mut self, id: SessionId) -> Result<(), Fault> {
        let table = &self.tables.entries;
        for row in table.prefix(self.txn, &id.0.to_be_bytes())? {
            let Row { key, value } = row?;
            let corrupt = |fault| table.corrupt(key, fault);
            let entry = read_entry_key(key).ok_or_else(|| corrupt("a key of the wrong length"))?;
            self.balance.remove(key, value.len());
            if holds_body(value).map_err(corrupt)? {
                self.deltas.add(entry.message, -1);
            }
        }
        for table in [&self.tables.entries, &self.tables.subscriptions, &self.tables.received] {
            table.delete_session(self.txn, id)?;
        }
        self.delete(&self.tables.sessions, &id.0.to_be_bytes())
    }

    fn apply_subscriptions(&mut self, id: SessionId, change: &SessionChange) -> Result<(), Fault> {
        let (table, prefix) = (&self.tables.subscriptions, id.0.to_be_bytes());
        for (filter, record) in &change.subscriptions {
            let is_same = |value: &[u8]| SubscriptionRecord::read_filter(value).map(|read| read == &**filter);
            let key = self.keys.locate(table, self.txn, &prefix, filter.as_bytes(), is_same)?;
            match record {
                Some(record) => {
                    let value = record.archive(self.buffer).map_err(|fault| table.corrupt(&key, fault))?;
                    self.balance.add(&key, value);
                    table.put(self.txn, &key, value)?;
                }
                None => self.delete(table, &key)?,
            }
        }
        Ok(())
    }

    fn apply_received(&mut self, id: SessionId, change: &SessionChange) -> Result<(), Fault> {
        let table = &self.tables.received;
        for (packet_id, kept) in &change.received {
            let key = received_key(id, *packet_id);
            if *kept {
                self.balance.add(&key, &[]);
                table.put(self.txn, &key, &[])?;
            } else {
                self.delete(table, &key)?;
            }
        }
        Ok(())
    }
}
