//! Reads from the file what the writer needs at the start: high-water marks, the secret, and the reference counts of
//! the bodies.

use std::sync::Arc;

use heed::RoTxn;

use super::engine_error;
use crate::config::Config;
use crate::disk::engine::{Capacity, Map, Opened};
use crate::disk::ids::IdMarks;
use crate::disk::key::ID_MAX;
use crate::disk::references::{self, References};
use crate::disk::tables::{MESSAGES_KEY, SECRET_KEY, SESSIONS_KEY, TIME_KEY, Table};
use crate::disk::text_key::TextKeys;
use crate::disk::timeline::TimeMark;
use crate::error::OpenError;

/// Reads the state of the file, and deletes bodies that no entry refers to.
pub(super) fn survey(map: Arc<Map>, capacity: Capacity, config: &Config) -> Result<Opened, OpenError> {
    let view = map.read_view().map_err(engine_error)?;
    let meta = &view.tables.meta;
    let id_marks = read_id_marks(meta, &view.txn)?;
    let time_mark = time_mark(meta, &view.txn)?;
    let keys = text_keys(meta, &view.txn)?;
    let references = References::count(view.tables, &view.txn).map_err(engine_error)?;
    let orphans = references.orphans(view.tables, &view.txn).map_err(engine_error)?;
    drop(view);
    if !orphans.is_empty() {
        tracing::warn!(bodies = orphans.len(), "deleting message bodies that no session has queued");
        references::delete(&map, &orphans).map_err(engine_error)?;
    }
    let orphans = u64::try_from(orphans.len()).unwrap_or(u64::MAX);
    Ok(Opened {
        map,
        capacity,
        keys,
        references,
        id_marks,
        orphans,
        interval: config.sync_interval(),
        time_mark,
    })
}

fn read_id_marks(meta: &Table, txn: &RoTxn<'_>) -> Result<IdMarks, OpenError> {
    let sessions = read_number(meta, txn, SESSIONS_KEY)?.unwrap_or(IdMarks::FIRST.sessions);
    let messages = read_number(meta, txn, MESSAGES_KEY)?.unwrap_or(IdMarks::FIRST.messages);
    Ok(IdMarks { sessions, messages })
}

fn text_keys(meta: &Table, txn: &RoTxn<'_>) -> Result<TextKeys, OpenError> {
    let secret = fixed(meta, txn, SECRET_KEY)?.ok_or_else(|| meta.corrupt(SECRET_KEY, "it is missing"))?;
    Ok(TextKeys::new(secret))
}

fn time_mark(meta: &Table, txn: &RoTxn<'_>) -> Result<Option<TimeMark>, OpenError> {
    let Some(bytes) = meta.get(txn, TIME_KEY).map_err(engine_error)? else { return Ok(None) };
    Ok(Some(TimeMark::from_bytes(bytes).ok_or_else(|| meta.corrupt(TIME_KEY, "a damaged time mark"))?))
}

fn read_number(meta: &Table, txn: &RoTxn<'_>, key: &'static [u8]) -> Result<Option<u64>, OpenError> {
    match fixed(meta, txn, key)?.map(u64::from_le_bytes) {
        Some(number) if number > ID_MAX => Err(meta.corrupt(key, "an impossible number").into()),
        number => Ok(number),
    }
}

/// Returns the value of a key, or an error if the value does not have the length `N`.
fn fixed<const N: usize>(
    meta: &Table,
    txn: &RoTxn<'_>,
    key: &'static [u8],
) -> Result<Option<[u8; N]>, OpenError> {
    let Some(bytes) = meta.get(txn, key).map_err(engine_error)? else { return Ok(None) };
    let bytes = bytes.try_into().map_err(|_| meta.corrupt(key, WRONG_LENGTH))?;
    Ok(Some(bytes))
}

const WRONG_LENGTH: &str = "a value of the wrong length";
