//! Writes a change set as rows of the log. A row is limited to a few pages, so that freed pages can easily be
//! reused for rows.

use heed::RwTxn;

use super::frame::{FrameKind, begin_frame, frame_size};
use super::{Log, row_key};
use crate::change::{ChangeSet, EntryChange, MessageChange, SessionChange};
use crate::disk::fault::Fault;
use crate::disk::key::{entry_key, received_key};
use crate::disk::tables::Table;
use crate::record::{ArchiveBuffer, EntryWithBody, StoredMessage, SubscriptionRecord};

/// Writes rows, and holds the unfinished row.
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

    pub(super) fn write(mut self, change: &ChangeSet, buffer: &mut ArchiveBuffer) -> Result<Log, Fault> {
        for session in change.sessions() {
            self.write_session(session, buffer)?;
        }
        for message in change.messages() {
            self.write_message(change, message, buffer)?;
        }
        for ((tenant, topic), stored) in &change.retained {
            self.write_retained(tenant, topic, stored.as_ref(), buffer)?;
        }
        self.flush()?;
        Ok(self.log)
    }

    fn write_retained(
        &mut self,
        tenant: &str,
        topic: &str,
        message: Option<&StoredMessage>,
        buffer: &mut ArchiveBuffer,
    ) -> Result<(), Fault> {
        if let Some(message) = message {
            message.check_memory()?;
            let value = message.archive_retained(tenant, buffer).map_err(|fault| self.corrupt_row(fault))?;
            return self.write_frame(FrameKind::Retain, &[], value);
        }
        let tenant_len = u32::try_from(tenant.len()).unwrap_or(u32::MAX);
        self.write_frame(
            FrameKind::Unretain,
            &tenant_len.to_le_bytes(),
            &[tenant.as_bytes(), topic.as_bytes()].concat(),
        )
    }

    fn write_session(&mut self, change: &SessionChange, buffer: &mut ArchiveBuffer) -> Result<(), Fault> {
        let key = change.id.0.to_be_bytes();
        if change.deleted_first {
            self.write_frame(FrameKind::DeleteSession, &key, &[])?;
        }
        if let Some(record) = &change.record {
            let value = record.archive(buffer).map_err(|fault| self.corrupt_row(fault))?;
            self.write_frame(FrameKind::Session, &key, value)?;
        }
        for (filter, record) in &change.subscriptions {
            self.write_subscription(&key, filter, record.as_deref(), buffer)?;
        }
        change.received.iter().try_for_each(|(packet_id, kept)| {
            let kind = if *kept { FrameKind::Receive } else { FrameKind::ReleaseReceived };
            self.write_frame(kind, &received_key(change.id, *packet_id), &[])
        })
    }

    fn write_subscription(
        &mut self,
        session: &[u8],
        filter: &str,
        record: Option<&SubscriptionRecord>,
        buffer: &mut ArchiveBuffer,
    ) -> Result<(), Fault> {
        let Some(record) = record else {
            return self.write_frame(FrameKind::Unsubscribe, session, filter.as_bytes());
        };
        let value = record.archive(buffer).map_err(|fault| self.corrupt_row(fault))?;
        self.write_frame(FrameKind::Subscribe, session, value)
    }

    /// Writes a message and its entries. The body comes first, because a reader needs it before the entries.
    fn write_message(
        &mut self,
        change: &ChangeSet,
        message: &MessageChange,
        buffer: &mut ArchiveBuffer,
    ) -> Result<(), Fault> {
        let mut entries = change.entries(message);
        if let Some(body) = message.body() {
            body.check_memory()?;
            if message.is_single()
                && let Some((key, EntryChange::Put { record, fresh: true })) = change.entries(message).next()
                && let Some(entry_with_body) = EntryWithBody::try_new(record, body)
            {
                return self.write_entry_with_body(&entry_key(key), &entry_with_body);
            }
            let value = body.archive(buffer).map_err(|fault| self.corrupt_row(fault))?;
            self.write_frame(FrameKind::Body, &message.id().0.to_be_bytes(), value)?;
        }
        entries.try_for_each(|(key, entry)| self.write_entry(&entry_key(key), entry, buffer))
    }

    /// Writes the body and its only entry in one frame.
    fn write_entry_with_body(
        &mut self,
        key: &[u8],
        entry_with_body: &EntryWithBody<'_>,
    ) -> Result<(), Fault> {
        let size = entry_with_body.size();
        self.make_room(frame_size(key.len(), size))?;
        begin_frame(FrameKind::PutWithBody, key, size, &mut self.row)
            .map_err(|fault| self.corrupt_row(fault))?;
        entry_with_body.append_to(&mut self.row);
        Ok(())
    }

    fn write_entry(
        &mut self,
        key: &[u8],
        change: &EntryChange,
        buffer: &mut ArchiveBuffer,
    ) -> Result<(), Fault> {
        match change {
            EntryChange::Put { record, fresh } => {
                let kind = if *fresh { FrameKind::Put } else { FrameKind::Replace };
                let value = record.archive(buffer).map_err(|fault| self.corrupt_row(fault))?;
                self.write_frame(kind, key, value)
            }
            EntryChange::Advance(state) => self.write_frame(FrameKind::Advance, key, &state.to_bytes()),
            EntryChange::Delete => self.write_frame(FrameKind::Delete, key, &[]),
        }
    }

    fn write_frame(&mut self, kind: FrameKind, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.make_room(frame_size(key.len(), value.len()))?;
        begin_frame(kind, key, value.len(), &mut self.row).map_err(|fault| self.corrupt_row(fault))?;
        self.row.extend_from_slice(value);
        Ok(())
    }

    /// Starts a new row if the current one has no space for `size` more bytes.
    fn make_room(&mut self, size: usize) -> Result<(), Fault> {
        if !self.row.is_empty() && self.row.len() + size > ROW_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Fault> {
        if !self.row.is_empty() {
            self.meta.put(self.txn, &row_key(self.log.next), &self.row)?;
            self.log.next += 1;
            self.log.bytes += self.row.len();
            self.row.clear();
        }
        Ok(())
    }

    fn corrupt_row(&self, fault: &'static str) -> Fault {
        self.meta.corrupt(&row_key(self.log.next), fault).into()
    }
}

/// Maximum length of a row, unless a single frame is longer.
const ROW_BYTES: usize = 65_536 - 64;
