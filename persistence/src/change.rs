//! The net effect of operations: folded into at most one change a record. What cancels out is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use crate::operation::{EntryKey, Operation};
use crate::record::{EntryRecord, EntryState, SessionId, Stored};

mod body;
mod entry;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use body::Bodies;
pub(crate) use entry::EntryChange;
pub(crate) use session::SessionChange;

/// The changes of a batch, or of several. What there is little of is in the order of its keys.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) sessions: HashMap<SessionId, SessionChange>,
    /// By tenant and topic.
    pub(crate) retained: BTreeMap<(Arc<str>, Arc<str>), Option<Stored>>,
    /// The bodies that entries came with which are still there.
    pub(crate) bodies: Bodies,
    /// Operations folded.
    pub(crate) operations: u64,
}

impl Change {
    /// Folds operations in, the earlier ones first.
    pub(crate) fn absorb(&mut self, operations: &mut Vec<Operation>) {
        self.operations += u64::try_from(operations.len()).unwrap_or(u64::MAX);
        for operation in operations.drain(..) {
            self.fold(operation);
        }
    }

    /// Folds a later change in.
    pub(crate) fn merge(&mut self, later: Self) {
        let Self { sessions, retained, bodies, operations } = later;
        self.operations += operations;
        self.retained.extend(retained);
        for (id, session) in sessions {
            let SessionChange { wiped, record, subscriptions, entries, received } = session;
            if wiped {
                self.close(id);
            }
            let into = self.session(id);
            into.record = record.or(into.record.take());
            into.subscriptions.extend(subscriptions);
            into.received.extend(received);
            for ((message, ordinal), change) in entries {
                self.fold_entry(EntryKey { session: id, message, ordinal }, change, bodies.get(message));
            }
        }
    }

    /// Nothing is to be written.
    pub(crate) fn is_void(&self) -> bool {
        self.retained.is_empty() && self.sessions.values().all(SessionChange::is_void)
    }

    /// Bytes of the bodies.
    pub(crate) fn bytes(&self) -> usize {
        self.bodies.iter().map(|(_, body)| body.message.size()).sum()
    }

    /// Changes of entries and retained messages, more or less: what it costs to write.
    pub(crate) fn weight(&self) -> usize {
        self.retained.len() + self.sessions.values().map(|session| session.entries.len()).sum::<usize>()
    }

    pub(crate) fn session(&mut self, session: SessionId) -> &mut SessionChange {
        self.sessions.entry(session).or_default()
    }

    /// A session goes, with all that is its own.
    pub(crate) fn close(&mut self, session: SessionId) {
        let former = core::mem::replace(self.session(session), SessionChange::closed());
        for ((message, _), change) in former.entries {
            self.bodies.count(message, change.holds_body(), false);
        }
    }

    fn enqueue(&mut self, key: EntryKey, record: EntryRecord) {
        let (held, holds) = self.session(key.session).enqueue(key, record);
        self.bodies.count(key.message, held, holds);
    }

    fn advance(&mut self, key: EntryKey, state: EntryState) {
        let (held, holds) = self.session(key.session).advance(key, state);
        self.bodies.count(key.message, held, holds);
    }

    fn complete(&mut self, key: EntryKey) {
        let held = self.session(key.session).complete(key);
        self.bodies.count(key.message, held, false);
    }

    /// Folds a later change of an entry in, with the body that came with it.
    pub(crate) fn fold_entry(&mut self, key: EntryKey, change: EntryChange, body: Option<&Stored>) {
        match change {
            EntryChange::Put { record, fresh } => {
                if !fresh {
                    self.complete(key);
                }
                if let Some(body) = body {
                    self.bodies.bring(key.message, || body.clone());
                }
                self.enqueue(key, record);
            }
            EntryChange::Advance(state) => self.advance(key, state),
            EntryChange::Delete => self.complete(key),
        }
    }

    fn fold(&mut self, operation: Operation) {
        match operation {
            Operation::OpenSession { session, record } => self.session(session).record = Some(record),
            Operation::CloseSession { session } => self.close(session),
            Operation::Subscribe { session, record } => self.session(session).subscribe(record),
            Operation::Unsubscribe { session, filter } => self.session(session).unsubscribe(filter),
            Operation::Receive { session, packet_id } => self.session(session).receive(packet_id),
            Operation::ReleaseReceived { session, packet_id } => self.session(session).release(packet_id),
            Operation::Retain { tenant, message, expires_at } => {
                let topic = Arc::from(message.topic());
                self.retained.insert((tenant, topic), Some(Stored { message, expires_at }));
            }
            Operation::Unretain { tenant, topic } => {
                self.retained.insert((tenant, topic), None);
            }
            delivery => self.fold_delivery(delivery),
        }
    }

    fn fold_delivery(&mut self, operation: Operation) {
        match operation {
            Operation::Enqueue { key, message, expires_at, record } => {
                self.bodies.bring(key.message, || Stored { message, expires_at });
                self.enqueue(key, record);
            }
            Operation::Send { key, packet_id } => self.advance(key, EntryState::Sent { packet_id }),
            Operation::Release { key, packet_id, order } => {
                self.advance(key, EntryState::Released { packet_id, order });
            }
            Operation::Complete { key } => self.complete(key),
            _ => {}
        }
    }
}
