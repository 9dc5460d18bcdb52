//! Reads all records, table by table, in the order in which the broker needs them when it starts.

use heed::RoTxn;
use tidegate_limits::memory;

use super::fault::Fault;
use super::key::{read_entry_key, read_number, read_received_key};
use super::tables::{Row, Table, Tables};
use crate::error::Corrupt;
use crate::record::{
    EntryRecord, MessageId, MessageRecord, RetainedRecord, SessionId, SessionRecord, SubscriptionRecord,
};
use crate::store::{Item, Progress};

/// A table, and the function that decodes its rows.
#[derive(Clone, Copy)]
pub(super) struct TableReader<'v> {
    pub(super) table: &'v Table,
    read: for<'a> fn(Row<'a>) -> Result<Item<'a>, &'static str>,
}

/// Passes all records that the transaction sees to `visit`.
pub(super) fn load(
    tables: &Tables,
    txn: &RoTxn<'_>,
    visit: &mut dyn FnMut(Item<'_>, Progress),
) -> Result<(), Fault> {
    let readers = table_readers(tables);
    let mut progress = Progress { done: 0, total: 0 };
    for reader in readers {
        progress.total += reader.table.len(txn)?;
    }
    let mut unchecked = 0;
    for reader in readers {
        for row in reader.table.iter(txn)? {
            let row = row?;
            unchecked += row.value.len();
            if unchecked >= MEMORY_STEP {
                // The caller keeps the records in memory.
                memory::probe_accepted(unchecked)?;
                unchecked = 0;
            }
            let item = reader.read(row)?;
            progress.done += 1;
            visit(item, progress);
        }
    }
    Ok(())
}

/// Number of bytes of records after which the memory is checked again.
const MEMORY_STEP: usize = 1 << 20;

/// Passes the records of one session to `visit`. Returns without a call if the session does not exist.
pub(super) fn load_session(
    tables: &Tables,
    txn: &RoTxn<'_>,
    session: SessionId,
    visit: &mut dyn FnMut(Item<'_>),
) -> Result<(), Fault> {
    let key = session.0.to_be_bytes();
    let [sessions, subscriptions, messages, entries, received, _] = table_readers(tables);
    for reader in [sessions, subscriptions] {
        reader.visit_prefix(txn, &key, visit)?;
    }
    visit_bodies(messages, entries, txn, &key, visit)?;
    for reader in [entries, received] {
        reader.visit_prefix(txn, &key, visit)?;
    }
    Ok(())
}

/// Passes the bodies that the entries of one session need to `visit`, each once. `key` is the key of the session.
fn visit_bodies(
    messages: TableReader<'_>,
    entries: TableReader<'_>,
    txn: &RoTxn<'_>,
    key: &[u8],
    visit: &mut dyn FnMut(Item<'_>),
) -> Result<(), Fault> {
    // A session can have several entries of a message, which follow each other.
    let mut last = None;
    for row in entries.table.prefix(txn, key)? {
        let Item::Entry(entry, record) = entries.read(row?)? else { continue };
        if record.state.holds_body() && last.replace(entry.message) != Some(entry.message) {
            messages.visit_key(txn, &entry.message.0.to_be_bytes(), visit)?;
        }
    }
    Ok(())
}

impl TableReader<'_> {
    /// Passes the record with this key to `visit`, if it exists.
    fn visit_key(&self, txn: &RoTxn<'_>, key: &[u8], visit: &mut dyn FnMut(Item<'_>)) -> Result<(), Fault> {
        if let Some(value) = self.table.get(txn, key)? {
            visit(self.read(Row { key, value })?);
        }
        Ok(())
    }

    /// Passes all records whose keys begin with `prefix` to `visit`.
    fn visit_prefix(
        &self,
        txn: &RoTxn<'_>,
        prefix: &[u8],
        visit: &mut dyn FnMut(Item<'_>),
    ) -> Result<(), Fault> {
        for row in self.table.prefix(txn, prefix)? {
            visit(self.read(row?)?);
        }
        Ok(())
    }

    /// Decodes a row.
    pub(super) fn read<'a>(&self, row: Row<'a>) -> Result<Item<'a>, Corrupt> {
        (self.read)(row).map_err(|fault| self.table.corrupt(row.key, fault))
    }
}

/// Returns all tables in the order of loading.
pub(super) fn table_readers(tables: &Tables) -> [TableReader<'_>; 6] {
    [
        TableReader { table: &tables.sessions, read: read_session },
        TableReader { table: &tables.subscriptions, read: read_subscription },
        TableReader { table: &tables.messages, read: read_message },
        TableReader { table: &tables.entries, read: read_entry },
        TableReader { table: &tables.received, read: read_received },
        TableReader { table: &tables.retained, read: read_retained },
    ]
}

fn read_session(row: Row<'_>) -> Result<Item<'_>, &'static str> {
    Ok(Item::Session(SessionId(read_number(row.key).ok_or(BAD_KEY)?), SessionRecord::read(row.value)?))
}

fn read_subscription(row: Row<'_>) -> Result<Item<'_>, &'static str> {
    let session = row.key.get(..8).and_then(read_number).map(SessionId);
    Ok(Item::Subscription(session.ok_or(BAD_KEY)?, SubscriptionRecord::read(row.value)?))
}

fn read_message(row: Row<'_>) -> Result<Item<'_>, &'static str> {
    Ok(Item::Message(MessageId(read_number(row.key).ok_or(BAD_KEY)?), MessageRecord::read(row.value)?))
}

fn read_entry(row: Row<'_>) -> Result<Item<'_>, &'static str> {
    Ok(Item::Entry(read_entry_key(row.key).ok_or(BAD_KEY)?, EntryRecord::read(row.value)?))
}

fn read_received(row: Row<'_>) -> Result<Item<'_>, &'static str> {
    let (session, packet_id) = read_received_key(row.key).ok_or(BAD_KEY)?;
    Ok(Item::Received(session, packet_id))
}

fn read_retained(row: Row<'_>) -> Result<Item<'_>, &'static str> {
    let RetainedRecord { tenant, message } = RetainedRecord::read(row.value)?;
    Ok(Item::Retained { tenant, message })
}

const BAD_KEY: &str = "an invalid key";
