//! Reads the rows of the log and folds them into one change set.

use std::sync::Arc;

use foldhash::HashMap;

use super::frame::{FrameKind, LogFrame};
use crate::change::{ChangeSet, EntryChange};
use crate::disk::key::{read_entry_key, read_number, read_received_key};
use crate::operation::EntryKey;
use crate::record::{
    EntryRecord, EntryState, EntryWithBody, MessageId, MessageRecord, RetainedRecord, SessionId,
    SessionRecord, StoredMessage, SubscriptionRecord,
};

/// The part of the log read so far.
#[derive(Default)]
pub(super) struct LogReplay {
    change: ChangeSet,
    /// All bodies read so far. A new entry can refer to a body whose earlier entries are already completed.
    bodies: HashMap<MessageId, StoredMessage>,
}

impl LogReplay {
    /// Folds all frames of a row into the change set.
    pub(super) fn fold(&mut self, mut row: &[u8]) -> Result<(), &'static str> {
        while let Some(frame) = LogFrame::take(&mut row)? {
            self.fold_frame(&frame)?;
        }
        Ok(())
    }

    fn fold_frame(&mut self, frame: &LogFrame<'_>) -> Result<(), &'static str> {
        match frame.kind {
            FrameKind::Put | FrameKind::Replace | FrameKind::Advance | FrameKind::Delete => {
                self.fold_entry(frame)
            }
            FrameKind::Body => self.fold_body(frame),
            FrameKind::PutWithBody => self.fold_delivery(frame),
            FrameKind::Retain | FrameKind::Unretain => fold_retained(frame, &mut self.change),
            _ => fold_session(frame, &mut self.change),
        }
    }

    fn fold_body(&mut self, frame: &LogFrame<'_>) -> Result<(), &'static str> {
        let id = MessageId(read_number(frame.key).ok_or(BAD_KEY)?);
        self.bodies.insert(id, StoredMessage::from_record(&MessageRecord::read(frame.value)?)?);
        Ok(())
    }

    fn fold_delivery(&mut self, frame: &LogFrame<'_>) -> Result<(), &'static str> {
        let key: EntryKey = read_entry_key(frame.key).ok_or(BAD_KEY)?;
        let (record, body) = EntryWithBody::read(frame.value)?;
        self.change.fold_entry(key, EntryChange::Put { record, fresh: true }, Some(body));
        Ok(())
    }

    /// Returns the net effect of all rows.
    pub(super) fn finish(self) -> ChangeSet {
        self.change
    }

    fn fold_entry(&mut self, frame: &LogFrame<'_>) -> Result<(), &'static str> {
        let key: EntryKey = read_entry_key(frame.key).ok_or(BAD_KEY)?;
        let change = match frame.kind {
            FrameKind::Put => EntryChange::Put { record: EntryRecord::read(frame.value)?, fresh: true },
            FrameKind::Replace => EntryChange::Put { record: EntryRecord::read(frame.value)?, fresh: false },
            FrameKind::Advance => EntryChange::Advance(EntryState::from_bytes(frame.value)?),
            _ => EntryChange::Delete,
        };
        self.change.fold_entry(key, change, self.bodies.get(&key.message).cloned());
        Ok(())
    }
}

fn fold_retained(frame: &LogFrame<'_>, change: &mut ChangeSet) -> Result<(), &'static str> {
    if frame.kind == FrameKind::Retain {
        let RetainedRecord { tenant, message } = RetainedRecord::read(frame.value)?;
        let key = (Arc::from(tenant), Arc::from(message.topic));
        change.retained.insert(key, Some(StoredMessage::from_record(&message)?));
        return Ok(());
    }
    let length = u32::from_le_bytes(frame.key.try_into().map_err(|_| BAD_KEY)?);
    let text = str::from_utf8(frame.value).map_err(|_| BAD_TEXT)?;
    let parts = text.split_at_checked(usize::try_from(length).unwrap_or(usize::MAX));
    let (tenant, topic) = parts.ok_or(BAD_TEXT)?;
    change.retained.insert((Arc::from(tenant), Arc::from(topic)), None);
    Ok(())
}

fn fold_session(frame: &LogFrame<'_>, change: &mut ChangeSet) -> Result<(), &'static str> {
    if let FrameKind::Receive | FrameKind::ReleaseReceived = frame.kind {
        let (session, packet_id) = read_received_key(frame.key).ok_or(BAD_KEY)?;
        change.session(session).received.insert(packet_id, frame.kind == FrameKind::Receive);
        return Ok(());
    }
    let id = SessionId(read_number(frame.key).ok_or(BAD_KEY)?);
    match frame.kind {
        FrameKind::DeleteSession => change.close(id),
        FrameKind::Session => change.session(id).record = Some(Box::new(SessionRecord::read(frame.value)?)),
        FrameKind::Subscribe => {
            change.session(id).subscribe(Box::new(SubscriptionRecord::read(frame.value)?));
        }
        _ => {
            let filter = str::from_utf8(frame.value).map_err(|_| BAD_TEXT)?;
            change.session(id).unsubscribe(Arc::from(filter));
        }
    }
    Ok(())
}

const BAD_KEY: &str = "a change with a key of the wrong length";
const BAD_TEXT: &str = "a change with a text that is not UTF-8, or too short";
