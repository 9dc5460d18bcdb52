//! The rows of the log folded into one change.

use std::sync::Arc;

use foldhash::HashMap;

use super::frame::{Frame, Kind};
use crate::change::{Change, EntryChange};
use crate::disk::key::{read_entry_key, read_number, read_received_key};
use crate::operation::EntryKey;
use crate::record::{
    Delivery, EntryRecord, EntryState, MessageId, MessageRecord, RetainedRecord, SessionId, SessionRecord,
    Stored, SubscriptionRecord,
};

/// The log as far as it was read.
#[derive(Default)]
pub(super) struct Replay {
    change: Change,
    /// All bodies that came: an entry may bring one anew that was held by others which are completed by then.
    bodies: HashMap<MessageId, Stored>,
}

impl Replay {
    /// Folds all frames of a row in.
    pub(super) fn fold(&mut self, mut row: &[u8]) -> Result<(), &'static str> {
        while let Some(frame) = Frame::take(&mut row)? {
            self.fold_frame(&frame)?;
        }
        Ok(())
    }

    fn fold_frame(&mut self, frame: &Frame<'_>) -> Result<(), &'static str> {
        match frame.kind {
            Kind::Put | Kind::Replace | Kind::Advance | Kind::Delete => self.fold_entry(frame),
            Kind::Body => self.fold_body(frame),
            Kind::Deliver => self.fold_delivery(frame),
            Kind::Retain | Kind::Unretain => fold_retained(frame, &mut self.change),
            _ => fold_session(frame, &mut self.change),
        }
    }

    fn fold_body(&mut self, frame: &Frame<'_>) -> Result<(), &'static str> {
        let number = MessageId(read_number(frame.key).ok_or(KEY)?);
        self.bodies.insert(number, Stored::of(&MessageRecord::read(frame.value)?)?);
        Ok(())
    }

    fn fold_delivery(&mut self, frame: &Frame<'_>) -> Result<(), &'static str> {
        let key: EntryKey = read_entry_key(frame.key).ok_or(KEY)?;
        let (record, body) = Delivery::read(frame.value)?;
        self.change.fold_entry(key, EntryChange::Put { record, fresh: true }, Some(body));
        Ok(())
    }

    /// The net effect of all.
    pub(super) fn conclude(self) -> Change {
        self.change
    }

    fn fold_entry(&mut self, frame: &Frame<'_>) -> Result<(), &'static str> {
        let key: EntryKey = read_entry_key(frame.key).ok_or(KEY)?;
        let change = match frame.kind {
            Kind::Put => EntryChange::Put { record: EntryRecord::read(frame.value)?, fresh: true },
            Kind::Replace => EntryChange::Put { record: EntryRecord::read(frame.value)?, fresh: false },
            Kind::Advance => EntryChange::Advance(EntryState::from_bytes(frame.value)?),
            _ => EntryChange::Delete,
        };
        self.change.fold_entry(key, change, self.bodies.get(&key.message).cloned());
        Ok(())
    }
}

fn fold_retained(frame: &Frame<'_>, change: &mut Change) -> Result<(), &'static str> {
    if frame.kind == Kind::Retain {
        let RetainedRecord { tenant, message } = RetainedRecord::read(frame.value)?;
        let key = (Arc::from(tenant), Arc::from(message.topic));
        change.retained.insert(key, Some(Stored::of(&message)?));
        return Ok(());
    }
    let length = u32::from_le_bytes(frame.key.try_into().map_err(|_| KEY)?);
    let text = str::from_utf8(frame.value).map_err(|_| TEXT)?;
    let parts = text.split_at_checked(usize::try_from(length).unwrap_or(usize::MAX));
    let (tenant, topic) = parts.ok_or(TEXT)?;
    change.retained.insert((Arc::from(tenant), Arc::from(topic)), None);
    Ok(())
}

fn fold_session(frame: &Frame<'_>, change: &mut Change) -> Result<(), &'static str> {
    if let Kind::Receive | Kind::Forget = frame.kind {
        let (session, packet_id) = read_received_key(frame.key).ok_or(KEY)?;
        change.session(session).received.insert(packet_id, frame.kind == Kind::Receive);
        return Ok(());
    }
    let id = SessionId(read_number(frame.key).ok_or(KEY)?);
    match frame.kind {
        Kind::Wipe => change.close(id),
        Kind::Session => change.session(id).record = Some(Box::new(SessionRecord::read(frame.value)?)),
        Kind::Subscribe => {
            change.session(id).subscribe(Box::new(SubscriptionRecord::read(frame.value)?));
        }
        _ => {
            let filter = str::from_utf8(frame.value).map_err(|_| TEXT)?;
            change.session(id).unsubscribe(Arc::from(filter));
        }
    }
    Ok(())
}

const KEY: &str = "a change with a key of the wrong length";
const TEXT: &str = "a change with a text that is none";
