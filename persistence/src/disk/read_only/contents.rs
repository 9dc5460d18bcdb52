//! The contents of a store: counts by kind and by tenant, and sizes.

use std::collections::BTreeMap;
use std::sync::Arc;

use heed::{Env, RoTxn, WithoutTls};

use crate::disk::fault::Fault;
use crate::disk::tables::{Table, Tables};
use crate::record::{RetainedRecord, SessionRecord};

/// The counts and sizes of the records in one state of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Schema version of the file.
    pub schema: u32,
    /// Number of sessions.
    pub sessions: u64,
    /// Number of subscriptions.
    pub subscriptions: u64,
    /// Number of bodies of queued messages.
    pub messages: u64,
    /// Number of queued messages, counted per session.
    pub entries: u64,
    /// Number of packet ids of inbound QoS 2 messages that were not released.
    pub received: u64,
    /// Number of retained messages.
    pub retained: u64,
    /// Size of the pages in use, in bytes.
    pub used_bytes: u64,
    /// Size of the pages in use and the free pages, in bytes.
    pub file_bytes: u64,
    /// Length of the file in bytes, which is also the size of the memory map.
    pub map_bytes: u64,
    /// Number of sessions and retained messages, by tenant.
    pub tenants: BTreeMap<Arc<str>, TenantContents>,
}

/// The numbers of records of one tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantContents {
    /// Number of sessions.
    pub sessions: u64,
    /// Number of retained messages.
    pub retained: u64,
}

impl Contents {
    pub(in crate::disk) fn count(
        env: &Env<WithoutTls>,
        tables: &Tables,
        txn: &RoTxn<'_>,
    ) -> Result<Self, Fault> {
        let mut contents = Self {
            schema: tables.meta.schema(txn)?.unwrap_or_default(),
            sessions: tables.sessions.len(txn)?,
            subscriptions: tables.subscriptions.len(txn)?,
            messages: tables.messages.len(txn)?,
            entries: tables.entries.len(txn)?,
            received: tables.received.len(txn)?,
            retained: tables.retained.len(txn)?,
            ..Self::default()
        };
        contents.measure(env, tables, txn)?;
        contents.count_tenants(tables, txn)?;
        Ok(contents)
    }

    fn measure(&mut self, env: &Env<WithoutTls>, tables: &Tables, txn: &RoTxn<'_>) -> Result<(), Fault> {
        let info = env.info();
        let page = usize::try_from(env.unnamed_database_stat().page_size).unwrap_or_default();
        let bytes = |pages: usize| u64::try_from(pages.saturating_mul(page)).unwrap_or(u64::MAX);
        self.used_bytes = bytes(tables.pages(txn)?);
        self.file_bytes = bytes(info.last_page_number.saturating_add(1));
        self.map_bytes = env.real_disk_size()?;
        Ok(())
    }

    fn count_tenants(&mut self, tables: &Tables, txn: &RoTxn<'_>) -> Result<(), Fault> {
        let Tables { sessions, retained, .. } = tables;
        self.count_by_tenant(
            sessions,
            txn,
            |value| Ok(SessionRecord::read(value)?.tenant),
            |tenant| {
                tenant.sessions += 1;
            },
        )?;
        self.count_by_tenant(
            retained,
            txn,
            |value| Ok(Arc::from(RetainedRecord::read(value)?.tenant)),
            |tenant| {
                tenant.retained += 1;
            },
        )
    }

    /// Calls `count` with the tenant of each record in the table.
    fn count_by_tenant(
        &mut self,
        table: &Table,
        txn: &RoTxn<'_>,
        tenant: impl Fn(&[u8]) -> Result<Arc<str>, &'static str>,
        count: impl Fn(&mut TenantContents),
    ) -> Result<(), Fault> {
        for row in table.iter(txn)? {
            let row = row?;
            let tenant = tenant(row.value).map_err(|fault| table.corrupt(row.key, fault))?;
            count(self.tenants.entry(tenant).or_default());
        }
        Ok(())
    }
}
