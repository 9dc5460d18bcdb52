//! A change as rows of the log. A row is not much longer than a few pages, so that its pages are easily found again.

use heed::RwTxn;

use super::frame::{Frame, Kind};
use super::{Log, key};
use crate::change::{Change, EntryChange, SessionChange};
use crate::disk::fault::Fault;
use crate::disk::key::{entry_key, received_key};
use crate::disk::tables::Table;
use crate::operation::EntryKey;
use crate::record::{Buffer, MessageNumber, SessionId, Stored, SubscriptionRecord};

/// Rows under way.
pub(super) struct Rows<'a, 'e> {
    log: Log,
    meta: &'a Table,
    txn: &'a mut RwTxn<'e>,
    row: Vec<u8>,
}

impl<'a, 'e> Rows<'a, 'e> {
    pub(super) fn new(log: Log, meta: &'a Table, txn: &'a mut RwTxn<'e>) -> Self {
        Self { log, meta, txn, row: Vec::with_capacity(ROW_BYTES) }
    }

    pub(super) fn write(mut self, change: &Change, buffer: &mut Buffer) -> Result<Log, Fault> {
        // Bodies first: a reader knows them when it comes to the entries.
        for (number, body) in change.bodies.iter() {
            let value = body.archive(buffer).map_err(|fault| self.fault(fault))?;
            self.frame(Kind::Body, &number.0.to_be_bytes(), value)?;
        }
        for (id, session) in &change.sessions {
            self.session(*id, session, buffer)?;
        }
        for ((tenant, topic), stored) in &change.retained {
            self.retained(tenant, topic, stored.as_ref(), buffer)?;
        }
        self.flush()?;
        Ok(self.log)
    }

    fn retained(
        &mut self,
        tenant: &str,
        topic: &str,
        stored: Option<&Stored>,
        buffer: &mut Buffer,
    ) -> Result<(), Fault> {
        if let Some(stored) = stored {
            let value = stored.archive_retained(tenant, buffer).map_err(|fault| self.fault(fault))?;
            return self.frame(Kind::Retain, &[], value);
        }
        let tenant_len = u32::try_from(tenant.len()).unwrap_or(u32::MAX);
        self.frame(Kind::Unretain, &tenant_len.to_le_bytes(), &[tenant.as_bytes(), topic.as_bytes()].concat())
    }

    fn session(&mut self, id: SessionId, change: &SessionChange, buffer: &mut Buffer) -> Result<(), Fault> {
        let key = id.0.to_be_bytes();
        if change.wiped {
            self.frame(Kind::Wipe, &key, &[])?;
        }
        if let Some(record) = &change.record {
            let value = record.archive(buffer).map_err(|fault| self.fault(fault))?;
            self.frame(Kind::Session, &key, value)?;
        }
        for (filter, record) in &change.subscriptions {
            self.subscription(&key, filter, record.as_deref(), buffer)?;
        }
        for (place, entry) in &change.entries {
            self.entry(id, *place, entry, buffer)?;
        }
        self.received(id, change)
    }

    fn received(&mut self, id: SessionId, change: &SessionChange) -> Result<(), Fault> {
        change.received.iter().try_for_each(|(packet_id, kept)| {
            let kind = if *kept { Kind::Receive } else { Kind::Forget };
            self.frame(kind, &received_key(id, *packet_id), &[])
        })
    }

    fn subscription(
        &mut self,
        session: &[u8],
        filter: &str,
        record: Option<&SubscriptionRecord>,
        buffer: &mut Buffer,
    ) -> Result<(), Fault> {
        let Some(record) = record else { return self.frame(Kind::Unsubscribe, session, filter.as_bytes()) };
        let value = record.archive(buffer).map_err(|fault| self.fault(fault))?;
        self.frame(Kind::Subscribe, session, value)
    }

    fn entry(
        &mut self,
        session: SessionId,
        (message, ordinal): (MessageNumber, u16),
        change: &EntryChange,
        buffer: &mut Buffer,
    ) -> Result<(), Fault> {
        let key = entry_key(EntryKey { session, message, ordinal });
        match change {
            EntryChange::Put { record, fresh } => {
                let kind = if *fresh { Kind::Put } else { Kind::Replace };
                let value = record.archive(buffer).map_err(|fault| self.fault(fault))?;
                self.frame(kind, &key, value)
            }
            EntryChange::Advance(state) => self.frame(Kind::Advance, &key, &state.to_bytes()),
            EntryChange::Delete => self.frame(Kind::Delete, &key, &[]),
        }
    }

    fn frame(&mut self, kind: Kind, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        let frame = Frame { kind, key, value };
        if !self.row.is_empty() && self.row.len() + frame.size() > ROW_BYTES {
            self.flush()?;
        }
        frame.put(&mut self.row).map_err(|fault| self.fault(fault))
    }

    fn flush(&mut self) -> Result<(), Fault> {
        if !self.row.is_empty() {
            self.meta.put(self.txn, &key(self.log.next), &self.row)?;
            self.log.next += 1;
            self.log.bytes += self.row.len();
            self.row.clear();
        }
        Ok(())
    }

    fn fault(&self, fault: &'static str) -> Fault {
        self.meta.corrupt(&key(self.log.next), fault).into()
    }
}

/// Bytes of a row, but for a frame that is longer by itself.
const ROW_BYTES: usize = 65_536 - 64;
