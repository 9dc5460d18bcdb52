//! Reading everything, table by table, as the start of a broker needs it.

use super::engine::Map;
use super::fault::Fault;
use super::tables::{Table, read_entry_key, read_number, read_received_key};
use crate::error::{LoadError, Reason};
use crate::record::{
    EntryRecord, MessageNumber, MessageRecord, RetainedRecord, SessionId, SessionRecord, SubscriptionRecord,
};
use crate::store::{Item, Progress};

/// From key and value to a record.
pub(super) type Read = for<'a> fn(&'a [u8], &'a [u8]) -> Result<Item<'a>, &'static str>;

/// Hands over all records of one state.
pub(super) fn load(map: &Map, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError> {
    let view = map.view().map_err(load_error)?;
    let tables = readers(&view);
    let mut progress = Progress { done: 0, total: 0 };
    for (table, _) in tables {
        progress.total += table.len(&view.txn).map_err(load_error)?;
    }
    for (table, read) in tables {
        for pair in table.iter(&view.txn).map_err(load_error)? {
            let (key, value) = pair.map_err(load_error)?;
            let item = read(key, value).map_err(|fault| table.corrupt(key, fault))?;
            progress.done += 1;
            visit(item, progress);
        }
    }
    Ok(())
}

/// The tables in the order of loading, and how each is read.
pub(super) fn readers<'v>(view: &'v super::engine::View<'_>) -> [(&'v Table, Read); 6] {
    let tables = view.tables;
    [
        (&tables.sessions, session),
        (&tables.subscriptions, subscription),
        (&tables.messages, message),
        (&tables.entries, entry),
        (&tables.received, received),
        (&tables.retained, retained),
    ]
}

fn session<'a>(key: &'a [u8], value: &'a [u8]) -> Result<Item<'a>, &'static str> {
    Ok(Item::Session(SessionId(read_number(key).ok_or(KEY)?), SessionRecord::read(value)?))
}

fn subscription<'a>(key: &'a [u8], value: &'a [u8]) -> Result<Item<'a>, &'static str> {
    let session = key.first_chunk().map(|session| SessionId(u64::from_be_bytes(*session)));
    Ok(Item::Subscription(session.ok_or(KEY)?, SubscriptionRecord::read(value)?))
}

fn message<'a>(key: &'a [u8], value: &'a [u8]) -> Result<Item<'a>, &'static str> {
    Ok(Item::Message(MessageNumber(read_number(key).ok_or(KEY)?), MessageRecord::read(value)?))
}

fn entry<'a>(key: &'a [u8], value: &'a [u8]) -> Result<Item<'a>, &'static str> {
    Ok(Item::Entry(read_entry_key(key).ok_or(KEY)?, EntryRecord::read(value)?))
}

fn received<'a>(key: &'a [u8], _value: &'a [u8]) -> Result<Item<'a>, &'static str> {
    let (session, packet_id) = read_received_key(key).ok_or(KEY)?;
    Ok(Item::Received(session, packet_id))
}

fn retained<'a>(_key: &'a [u8], value: &'a [u8]) -> Result<Item<'a>, &'static str> {
    let RetainedRecord { tenant, message } = RetainedRecord::read(value)?;
    Ok(Item::Retained { tenant, message })
}

fn load_error(fault: Fault) -> LoadError {
    match fault {
        Fault::Corrupt(corrupt) => LoadError::Corrupt(corrupt),
        fault => LoadError::Engine(Reason::from(fault)),
    }
}

const KEY: &str = "a key that is none";
