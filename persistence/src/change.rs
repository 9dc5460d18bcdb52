//! The net effect of a batch: operations folded into at most one change a record. What cancels out is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::HashMap;

use crate::operation::{EntryKey, Operation};
use crate::record::{MessageNumber, SessionId};

mod entry;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use entry::EntryChange;
pub(crate) use session::SessionChange;

use crate::record::{EntryState, Stored};

/// The changes of a batch. What there is little of is in the order of its keys.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) sessions: HashMap<SessionId, SessionChange>,
    /// By tenant and topic.
    pub(crate) retained: BTreeMap<(Arc<str>, Arc<str>), Option<Stored>>,
    /// The bodies that entries of the batch came with.
    pub(crate) bodies: HashMap<MessageNumber, Stored>,
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

    fn fold(&mut self, operation: Operation) {
        match operation {
            Operation::OpenSession { session, record } => self.session(session).record = Some(record),
            Operation::CloseSession { session } => *self.session(session) = SessionChange::closed(),
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
                self.bodies.entry(key.message).or_insert(Stored { message, expires_at });
                self.session(key.session).enqueue(key, record);
            }
            Operation::Send { key, packet_id } => self.advance(key, EntryState::Sent { packet_id }),
            Operation::Release { key, packet_id, order } => {
                self.advance(key, EntryState::Released { packet_id, order });
            }
            Operation::Complete { key } => self.session(key.session).complete(key),
            _ => {}
        }
    }

    fn advance(&mut self, key: EntryKey, state: EntryState) {
        self.session(key.session).advance(key, state);
    }

    fn session(&mut self, session: SessionId) -> &mut SessionChange {
        self.sessions.entry(session).or_default()
    }
}
