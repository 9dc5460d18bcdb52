//! The net effect of operations: all operations on one record are folded into one change, or into none if they cancel
//! each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::operation::{EntryKey, Operation};
use crate::record::{EntryState, MessageId, SessionId, StoredMessage};

mod dense_index;
mod entry;
mod message_change;
mod message_changes;
mod session;
mod sessions;
/// Approximate size in bytes of an entry in the tables.
const ENTRY_SIZE: usize = 256;

#[cfg(test)]
mod tests;

pub(crate) use entry::EntryChange;
use entry::EntryStep;
use message_change::EntrySlot;
pub(crate) use message_change::MessageChange;
use message_changes::MessageChanges;
pub(crate) use session::SessionChange;
use sessions::Sessions;

/// The changes of one batch, or of several batches merged.
#[derive(Default)]
pub(crate) struct ChangeSet {
    sessions: Sessions,
    /// Changes of retained messages, by tenant and topic. `None` deletes the retained message.
    pub(crate) retained: BTreeMap<(Arc<str>, Arc<str>), Option<StoredMessage>>,
    messages: MessageChanges,
    /// Number of operations folded into this set.
    pub(crate) operations: u64,
}

impl ChangeSet {
    /// Folds operations into the change set, in their order. If an operation closes a session, the session's entries
    /// are removed later, by [`Self::purge_closed`].
    pub(crate) fn fold_operations(&mut self, operations: &mut Vec<Operation>) {
        self.operations += u64::try_from(operations.len()).unwrap_or(u64::MAX);
        for operation in operations.drain(..) {
            self.fold(operation);
        }
    }

    /// Combines the later change set `later` with this change set, and leaves `later` empty. If `later` closes a
    /// session, the session's entries are removed from this set by [`Self::purge_closed`].
    pub(crate) fn merge(&mut self, later: &mut Self) {
        later.purge_closed();
        self.operations += core::mem::take(&mut later.operations);
        self.retained.extend(core::mem::take(&mut later.retained));
        let mut slots = Vec::new();
        for SessionChange { id, deleted_first, record, subscriptions, received, .. } in later.sessions.drain()
        {
            if deleted_first {
                self.close(id);
            }
            let slot = self.sessions.slot(id);
            slots.push(slot);
            let into = self.sessions.change_at(slot);
            into.record = record.or(into.record.take());
            into.subscriptions.extend(subscriptions);
            into.received.extend(received);
        }
        later.sessions.clear();
        later.messages.drain(|id, EntrySlot { session, ordinal }, change, body| {
            let slot = usize::try_from(session).ok().and_then(|session| slots.get(session));
            let Some(session) = slot.copied() else { return };
            self.fold_change(id, EntrySlot { session, ordinal }, change, body);
        });
    }

    /// Removes everything. Keeps the allocated memory, up to a limit.
    pub(crate) fn clear(&mut self) {
        self.sessions.clear();
        self.retained.clear();
        self.messages.clear();
        self.operations = 0;
    }

    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.retained.is_empty()
            && self.messages.entry_count() == 0
            && self.sessions.iter().all(SessionChange::is_empty)
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &SessionChange> {
        self.sessions.iter()
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &MessageChange> {
        self.messages.iter()
    }

    /// Returns the entry changes of a message.
    pub(crate) fn entries<'a>(
        &'a self,
        message: &'a MessageChange,
    ) -> impl Iterator<Item = (EntryKey, &'a EntryChange)> {
        message.entries().filter_map(|(EntrySlot { session, ordinal }, change)| {
            let session = self.sessions.id(session)?;
            Some((EntryKey { session, message: message.id, ordinal }, change))
        })
    }

    /// Returns the body of a message, if entries of this change set need it.
    pub(crate) fn body(&self, id: MessageId) -> Option<&StoredMessage> {
        self.messages.body(id)
    }

    pub(crate) fn body_count(&self) -> usize {
        self.messages.body_count()
    }

    /// Returns the size of all bodies in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.messages.iter().filter_map(MessageChange::body).map(|body| body.message.size()).sum()
    }

    /// Returns an estimate of the number of bytes that the set takes in the tables.
    pub(crate) fn table_bytes(&self) -> usize {
        let retained = self.retained.values().flatten().map(|stored| stored.message.size());
        let entries = self.write_cost().saturating_mul(ENTRY_SIZE);
        self.bytes().saturating_add(retained.sum()).saturating_add(entries)
    }

    /// Returns an estimate of the cost of writing the set: the number of changed entries and retained messages.
    pub(crate) fn write_cost(&self) -> usize {
        self.retained.len() + self.messages.entry_count()
    }

    pub(crate) fn session(&mut self, session: SessionId) -> &mut SessionChange {
        let slot = self.sessions.slot(session);
        self.sessions.change_at(slot)
    }

    /// Closes a session: deletes its record, subscriptions and received packet ids. [`Self::purge_closed`]
    /// removes its entries.
    pub(crate) fn close(&mut self, session: SessionId) {
        self.sessions.close(session);
    }

    /// Removes the entries of closed sessions. This visits every entry, so it is not done for each closed session, but
    /// once before the set is read or merged into another set.
    pub(crate) fn purge_closed(&mut self) {
        if self.sessions.take_needs_purge() {
            self.messages.purge_closed(|slot| self.sessions.is_closed(slot));
        }
    }

    /// Folds a later change of an entry into the set. `body` is the message body, if the change contains it.
    pub(crate) fn fold_entry(&mut self, key: EntryKey, change: EntryChange, body: Option<StoredMessage>) {
        let slot = self.entry_slot(key);
        self.fold_change(key.message, slot, change, body);
    }

    fn fold_change(
        &mut self,
        id: MessageId,
        slot: EntrySlot,
        change: EntryChange,
        body: Option<StoredMessage>,
    ) {
        match change {
            EntryChange::Put { record, fresh } => {
                if !fresh {
                    self.fold_step(id, slot, EntryStep::Complete, None);
                }
                self.fold_step(id, slot, EntryStep::Enqueue(record), body);
            }
            EntryChange::Advance(state) => self.fold_step(id, slot, EntryStep::Advance(state), None),
            EntryChange::Delete => self.fold_step(id, slot, EntryStep::Complete, None),
        }
    }

    fn fold_step(&mut self, id: MessageId, slot: EntrySlot, step: EntryStep, body: Option<StoredMessage>) {
        let delta = self.messages.fold(id, slot, step, body);
        self.sessions.count_entries(slot.session, delta);
    }

    fn fold_entry_step(&mut self, key: EntryKey, step: EntryStep, body: Option<StoredMessage>) {
        let slot = self.entry_slot(key);
        self.fold_step(key.message, slot, step, body);
    }

    fn entry_slot(&mut self, key: EntryKey) -> EntrySlot {
        EntrySlot { session: self.sessions.slot(key.session), ordinal: key.ordinal }
    }

    fn fold(&mut self, operation: Operation) {
        match operation {
            Operation::Enqueue { key, message, expires_at, record } => {
                self.fold_entry_step(
                    key,
                    EntryStep::Enqueue(record),
                    Some(StoredMessage { message, expires_at }),
                );
            }
            Operation::Send { key, packet_id } => {
                self.fold_entry_step(key, EntryStep::Advance(EntryState::Sent { packet_id }), None);
            }
            Operation::Release { key, packet_id, order } => {
                self.fold_entry_step(
                    key,
                    EntryStep::Advance(EntryState::Released { packet_id, order }),
                    None,
                );
            }
            Operation::Complete { key } => self.fold_entry_step(key, EntryStep::Complete, None),
            Operation::CloseSession { session } => self.close(session),
            Operation::Retain { tenant, message, expires_at } => {
                let topic = Arc::from(message.topic());
                self.retained.insert((tenant, topic), Some(StoredMessage { message, expires_at }));
            }
            Operation::Unretain { tenant, topic } => {
                self.retained.insert((tenant, topic), None);
            }
            other => self.fold_session(other),
        }
    }

    fn fold_session(&mut self, operation: Operation) {
        let (Operation::OpenSession { session, .. }
        | Operation::Subscribe { session, .. }
        | Operation::Unsubscribe { session, .. }
        | Operation::Receive { session, .. }
        | Operation::ReleaseReceived { session, .. }) = &operation
        else {
            return;
        };
        let session = self.session(*session);
        match operation {
            Operation::OpenSession { record, .. } => session.record = Some(record),
            Operation::Subscribe { record, .. } => session.subscribe(record),
            Operation::Unsubscribe { filter, .. } => session.unsubscribe(filter),
            Operation::Receive { packet_id, .. } => session.receive(packet_id),
            Operation::ReleaseReceived { packet_id, .. } => session.release(packet_id),
            _ => {}
        }
    }
}
