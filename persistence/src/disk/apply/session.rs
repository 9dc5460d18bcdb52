//! The part of a change that is one session's.

use super::{Apply, in_order};
use crate::change::{EntryChange, SessionChange};
use crate::disk::fault::Fault;
use crate::disk::key::{entry_key, read_entry_key, received_key};
use crate::disk::tables::Row;
use crate::operation::EntryKey;
use crate::record::{EntryRecord, EntryState, SessionId, SubscriptionRecord, holds_body};

impl Apply<'_, '_> {
    pub(super) fn session(&mut self, id: SessionId, change: &SessionChange) -> Result<(), Fault> {
        if change.wiped {
            self.wipe(id)?;
        }
        if let Some(record) = &change.record {
            let (table, key) = (&self.tables.sessions, id.0.to_be_bytes());
            let value = record.archive(self.buffer).map_err(|fault| table.corrupt(&key, fault))?;
            self.balance.add(&key, value);
            table.put(self.txn, &key, value)?;
        }
        self.subscriptions(id, change)?;
        for ((message, ordinal), change) in in_order(&change.entries) {
            self.entry(EntryKey { session: id, message: *message, ordinal: *ordinal }, change)?;
        }
        self.received(id, change)
    }

    fn wipe(&mut self, id: SessionId) -> Result<(), Fault> {
        let table = &self.tables.entries;
        for row in table.prefix(self.txn, &id.0.to_be_bytes())? {
            let Row { key, value } = row?;
            let corrupt = |fault| table.corrupt(key, fault);
            let entry = read_entry_key(key).ok_or_else(|| corrupt("a key of the wrong length"))?;
            self.balance.remove(key, value.len());
            if holds_body(value).map_err(corrupt)? {
                self.shift.add(entry.message, -1);
            }
        }
        for table in [&self.tables.entries, &self.tables.subscriptions, &self.tables.received] {
            table.delete_session(self.txn, id)?;
        }
        self.delete(&self.tables.sessions, &id.0.to_be_bytes())
    }

    fn subscriptions(&mut self, id: SessionId, change: &SessionChange) -> Result<(), Fault> {
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

    fn entry(&mut self, key: EntryKey, change: &EntryChange) -> Result<(), Fault> {
        match change {
            EntryChange::Put { record, .. } => self.put_entry(key, record),
            EntryChange::Advance(state) => self.advance_entry(key, *state),
            EntryChange::Delete => self.delete_entry(key),
        }
    }

    fn put_entry(&mut self, key: EntryKey, record: &EntryRecord) -> Result<(), Fault> {
        let (table, bytes) = (&self.tables.entries, entry_key(key));
        let value = record.archive(self.buffer).map_err(|fault| table.corrupt(&bytes, fault))?;
        if !table.put_new(self.txn, &bytes, value)? {
            self.delete_entry(key)?;
            return self.put_entry(key, record);
        }
        self.balance.add(&bytes, value);
        if record.state.holds_body() {
            self.shift.add(key.message, 1);
        }
        Ok(())
    }

    /// What is not there was closed or completed before: nothing is to be done.
    fn advance_entry(&mut self, key: EntryKey, state: EntryState) -> Result<(), Fault> {
        let (table, bytes) = (&self.tables.entries, entry_key(key));
        let Some(value) = table.get(self.txn, &bytes)? else { return Ok(()) };
        let mut record = EntryRecord::read(value).map_err(|fault| table.corrupt(&bytes, fault))?;
        let held = record.state.holds_body();
        record.state.advance(state);
        let value = record.archive(self.buffer).map_err(|fault| table.corrupt(&bytes, fault))?;
        table.put(self.txn, &bytes, value)?;
        if held && !record.state.holds_body() {
            self.shift.add(key.message, -1);
        }
        Ok(())
    }

    fn delete_entry(&mut self, key: EntryKey) -> Result<(), Fault> {
        let (table, bytes) = (&self.tables.entries, entry_key(key));
        let Some(value) = table.get(self.txn, &bytes)? else { return Ok(()) };
        self.balance.remove(&bytes, value.len());
        if holds_body(value).map_err(|fault| table.corrupt(&bytes, fault))? {
            self.shift.add(key.message, -1);
        }
        table.delete(self.txn, &bytes)?;
        Ok(())
    }

    fn received(&mut self, id: SessionId, change: &SessionChange) -> Result<(), Fault> {
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
