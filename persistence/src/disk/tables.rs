//! The databases (tables) of the LMDB file: their names, and the operations that read and write records. Errors name
//! the record.

use std::ops::Bound;

use heed::types::Bytes;
use heed::{CommitOrAbort, Database, Env, PutFlags, RoTxn, RwTxn, WithoutTls};

use super::fault::Fault;
use crate::error::Corrupt;
use crate::record::SessionId;

/// All tables.
pub(super) struct Tables {
    pub(super) meta: Table,
    pub(super) sessions: Table,
    pub(super) subscriptions: Table,
    pub(super) messages: Table,
    pub(super) entries: Table,
    pub(super) received: Table,
    pub(super) retained: Table,
}

/// One table.
#[derive(Clone, Copy)]
pub(super) struct Table {
    pub(super) name: &'static str,
    database: Database<'static, Bytes, Bytes>,
}

/// A key and its value.
#[derive(Clone, Copy)]
pub(super) struct Row<'t> {
    pub(super) key: &'t [u8],
    pub(super) value: &'t [u8],
}

impl Tables {
    /// Opens all tables; `None` when one of them does not exist.
    pub(super) fn open(env: &Env<WithoutTls>) -> Result<Option<Self>, Fault> {
        let opened = env.open_databases_and_commit(env.read_txn()?, |opener, txn| {
            let mut databases = Vec::with_capacity(NAMES.len());
            for name in NAMES {
                match opener.open_database::<Bytes, Bytes>(txn, Some(name))? {
                    Some(database) => databases.push(database),
                    None => return Ok(CommitOrAbort::Abort(())),
                }
            }
            let Ok(databases) = <[_; NAMES.len()]>::try_from(databases) else {
                return Ok(CommitOrAbort::Abort(()));
            };
            Ok::<_, heed::Error>(CommitOrAbort::Commit(databases))
        })?;
        Ok(opened.commit().map(Self::from_databases))
    }

    /// Creates all tables and writes the records that every store has, in one transaction. Call [`Self::open`]
    /// afterwards.
    pub(super) fn create(env: &Env<WithoutTls>, secret: &[u8; 16]) -> Result<(), Fault> {
        env.create_databases_and_commit(env.write_txn()?, |opener, txn| {
            for name in NAMES {
                let database = opener.create_database::<Bytes, Bytes>(txn, Some(name))?;
                if name == META {
                    database.put(txn, SCHEMA_KEY, &SCHEMA.to_le_bytes())?;
                    database.put(txn, SECRET_KEY, secret)?;
                }
            }
            Ok::<_, heed::Error>(CommitOrAbort::<(), ()>::Commit(()))
        })?;
        Ok(())
    }

    /// Returns the number of pages that the tables use.
    pub(super) fn pages(&self, txn: &RoTxn<'_>) -> Result<usize, Fault> {
        let Self { meta, sessions, subscriptions, messages, entries, received, retained } = self;
        let mut pages = 0;
        for table in [meta, sessions, subscriptions, messages, entries, received, retained] {
            let stat = table.database.stat(txn)?;
            pages += stat.branch_pages + stat.leaf_pages + stat.overflow_pages;
        }
        Ok(pages)
    }

    fn from_databases(databases: [Database<'static, Bytes, Bytes>; NAMES.len()]) -> Self {
        let [meta, sessions, subscriptions, messages, entries, received, retained] = databases;
        let [
            meta_name,
            sessions_name,
            subscriptions_name,
            messages_name,
            entries_name,
            received_name,
            retained_name,
        ] = NAMES;
        Self {
            meta: Table { name: meta_name, database: meta },
            sessions: Table { name: sessions_name, database: sessions },
            subscriptions: Table { name: subscriptions_name, database: subscriptions },
            messages: Table { name: messages_name, database: messages },
            entries: Table { name: entries_name, database: entries },
            received: Table { name: received_name, database: received },
            retained: Table { name: retained_name, database: retained },
        }
    }
}

impl Table {
    /// Returns the schema version stored in the file. Call this on the table `meta`.
    pub(super) fn schema(&self, txn: &RoTxn<'_>) -> Result<Option<u32>, Fault> {
        let bytes = self.get(txn, SCHEMA_KEY)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes))
    }

    /// Raises the schema version stored in the file to that of this program, because earlier versions of Tidegate would
    /// refuse the log (schema 1) or take the times for Unix times (schema 2). Call this on the table `meta`.
    pub(super) fn raise_schema(&self, txn: &mut RwTxn<'_>) -> Result<(), Fault> {
        if self.schema(txn)? == Some(SCHEMA) {
            return Ok(());
        }
        self.put(txn, SCHEMA_KEY, &SCHEMA.to_le_bytes())
    }

    pub(super) fn get<'t>(&self, txn: &'t RoTxn<'_>, key: &[u8]) -> Result<Option<&'t [u8]>, Fault> {
        Ok(self.database.get(txn, key)?)
    }

    pub(super) fn put(&self, txn: &mut RwTxn<'_>, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        Ok(self.database.put(txn, key, value)?)
    }

    /// Writes a new record. Returns `false` and changes nothing if the key exists.
    pub(super) fn put_new(&self, txn: &mut RwTxn<'_>, key: &[u8], value: &[u8]) -> Result<bool, Fault> {
        match self.database.put_with_flags(txn, PutFlags::NO_OVERWRITE, key, value) {
            Ok(()) => Ok(true),
            Err(heed::Error::Mdb(heed::MdbError::KeyExist)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a record. Returns `false` if the record does not exist.
    pub(super) fn delete(&self, txn: &mut RwTxn<'_>, key: &[u8]) -> Result<bool, Fault> {
        Ok(self.database.delete(txn, key)?)
    }

    /// Deletes all records whose keys begin with the id of the session, and returns their number.
    pub(super) fn delete_session(&self, txn: &mut RwTxn<'_>, session: SessionId) -> Result<usize, Fault> {
        let begin = session.0.to_be_bytes();
        let next = session.0.checked_add(1).map(u64::to_be_bytes);
        let end = next.as_ref().map_or(Bound::Unbounded, |next| Bound::Excluded(&next[..]));
        Ok(self.database.delete_range(txn, &(Bound::Included(&begin[..]), end))?)
    }

    /// Deletes all records whose keys begin with `prefix`.
    pub(super) fn delete_prefix(&self, txn: &mut RwTxn<'_>, prefix: &[u8]) -> Result<(), Fault> {
        let mut end = prefix.to_vec();
        if let Some(last) = end.last_mut() {
            *last = last.saturating_add(1);
        }
        let range = (Bound::Included(prefix), Bound::Excluded(&end[..]));
        self.database.delete_range(txn, &range)?;
        Ok(())
    }

    /// Returns the records whose keys begin with `prefix`, in key order.
    pub(super) fn prefix<'t>(
        &self,
        txn: &'t RoTxn<'_>,
        prefix: &[u8],
    ) -> Result<impl Iterator<Item = Result<Row<'t>, Fault>> + use<'t>, Fault> {
        Ok(self.database.prefix_iter(txn, prefix)?.map(row))
    }

    /// Returns all records in key order.
    pub(super) fn iter<'t>(
        &self,
        txn: &'t RoTxn<'_>,
    ) -> Result<impl Iterator<Item = Result<Row<'t>, Fault>> + use<'t>, Fault> {
        Ok(self.database.iter(txn)?.map(row))
    }

    pub(super) fn len(&self, txn: &RoTxn<'_>) -> Result<u64, Fault> {
        Ok(self.database.len(txn)?)
    }

    /// Creates the error that the record with this key is not valid.
    pub(super) fn corrupt(&self, key: &[u8], fault: &'static str) -> Corrupt {
        Corrupt::new(self.name, key, fault)
    }
}

fn row<'t>(pair: heed::Result<(&'t [u8], &'t [u8])>) -> Result<Row<'t>, Fault> {
    let (key, value) = pair?;
    Ok(Row { key, value })
}

/// The schema version that this program writes.
pub(super) const SCHEMA: u32 = 3;
/// The oldest schema version that this program reads.
pub(super) const SCHEMA_MIN: u32 = 1;

pub(super) const SCHEMA_KEY: &[u8] = b"schema";
pub(super) const SECRET_KEY: &[u8] = b"secret";
pub(super) const SESSIONS_KEY: &[u8] = b"sessions";
pub(super) const MESSAGES_KEY: &[u8] = b"messages";
pub(super) const TIME_KEY: &[u8] = b"time";

const META: &str = "meta";
const NAMES: [&str; 7] = [META, "sessions", "subscriptions", "messages", "entries", "received", "retained"];

/// The number of databases that LMDB has to reserve.
pub(super) const TABLES_MAX: u32 = 7;
