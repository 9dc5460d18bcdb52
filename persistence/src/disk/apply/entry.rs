//! Applies the entries of a change set.

use super::TableWriter;
use crate::change::{ChangeSet, EntryChange};
use crate::disk::fault::Fault;
use crate::disk::key::entry_key;
use crate::operation::EntryKey;
use crate::record::{EntryRecord, EntryState, holds_body};

impl TableWriter<'_, '_> {
    pub(super) fn apply_entries(&mut self, change: &ChangeSet) -> Result<(), Fault> {
        let mut all: Vec<_> = change.messages().flat_map(|message| change.entries(message)).collect();
        all.sort_unstable_by_key(|(key, _)| *key);
        all.into_iter().try_for_each(|(key, entry)| self.apply_entry(key, entry))
    }

    fn apply_entry(&mut self, key: EntryKey, change: &EntryChange) -> Result<(), Fault> {
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
            self.deltas.add(key.message, 1);
        }
        Ok(())
    }

    /// Changes the state of an entry. Does nothing if the entry does not exist, because it was completed or its session
    /// was closed.
    fn advance_entry(&mut self, key: EntryKey, state: EntryState) -> Result<(), Fault> {
        let (table, bytes) = (&self.tables.entries, entry_key(key));
        let Some(value) = table.get(self.txn, &bytes)? else { return Ok(()) };
        let mut record = EntryRecord::read(value).map_err(|fault| table.corrupt(&bytes, fault))?;
        let held = record.state.holds_body();
        record.state.advance(state);
        let value = record.archive(self.buffer).map_err(|fault| table.corrupt(&bytes, fault))?;
        table.put(self.txn, &bytes, value)?;
        if held && !record.state.holds_body() {
            self.deltas.add(key.message, -1);
        }
        Ok(())
    }

    fn delete_entry(&mut self, key: EntryKey) -> Result<(), Fault> {
        let (table, bytes) = (&self.tables.entries, entry_key(key));
        let Some(value) = table.get(self.txn, &bytes)? else { return Ok(()) };
        self.balance.remove(&bytes, value.len());
        if holds_body(value).map_err(|fault| table.corrupt(&bytes, fault))? {
            self.deltas.add(key.message, -1);
        }
        table.delete(self.txn, &bytes)?;
        Ok(())
    }
}
