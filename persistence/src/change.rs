//! The net effect of operations: folded into at most one change a record. What cancels out is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::operation::{EntryKey, Operation};
use crate::record::{EntryState, MessageId, SessionId, Stored};

mod entry;
mod parcel;
mod parcels;
mod session;
mod sessions;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use entry::EntryChange;
use entry::Step;
pub(crate) use parcel::Parcel;
use parcel::Place;
use parcels::Parcels;
pub(crate) use session::SessionChange;
use sessions::Sessions;

/// The changes of a batch, or of several.
#[derive(Default)]
pub(crate) struct Change {
    sessions: Sessions,
    /// By tenant and topic.
    pub(crate) retained: BTreeMap<(Arc<str>, Arc<str>), Option<Stored>>,
    parcels: Parcels,
    /// Operations folded.
    pub(crate) operations: u64,
}

impl Change {
    /// Folds operations in, the earlier ones first. Entries of sessions that are closed by them stay until [`Self::forget`].
    pub(crate) fn absorb(&mut self, operations: &mut Vec<Operation>) {
        self.operations += u64::try_from(operations.len()).unwrap_or(u64::MAX);
        for operation in operations.drain(..) {
            self.fold(operation);
        }
    }

    /// Folds a later change in, which is empty then. Entries of sessions that it closes stay until [`Self::forget`].
    pub(crate) fn merge(&mut self, later: &mut Self) {
        later.forget();
        self.operations += core::mem::take(&mut later.operations);
        self.retained.extend(core::mem::take(&mut later.retained));
        let mut places = Vec::new();
        for SessionChange { id, wiped, record, subscriptions, received, .. } in later.sessions.drain() {
            if wiped {
                self.close(id);
            }
            let place = self.sessions.place(id);
            places.push(place);
            let into = self.sessions.at(place);
            into.record = record.or(into.record.take());
            into.subscriptions.extend(subscriptions);
            into.received.extend(received);
        }
        later.sessions.clear();
        later.parcels.drain(|number, Place { session, ordinal }, change, body| {
            let place = usize::try_from(session).ok().and_then(|session| places.get(session));
            let Some(session) = place.copied() else { return };
            self.fold_change(number, Place { session, ordinal }, change, body);
        });
    }

    /// Forgets all; keeps the memory, within bounds.
    pub(crate) fn clear(&mut self) {
        self.sessions.clear();
        self.retained.clear();
        self.parcels.clear();
        self.operations = 0;
    }

    /// Nothing is to be written.
    pub(crate) fn is_void(&self) -> bool {
        self.retained.is_empty()
            && self.parcels.entries() == 0
            && self.sessions.iter().all(SessionChange::is_void)
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &SessionChange> {
        self.sessions.iter()
    }

    pub(crate) fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.iter()
    }

    /// The entries of a message.
    pub(crate) fn entries<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> impl Iterator<Item = (EntryKey, &'a EntryChange)> {
        parcel.entries().filter_map(|(Place { session, ordinal }, change)| {
            let session = self.sessions.id(session)?;
            Some((EntryKey { session, message: parcel.number, ordinal }, change))
        })
    }

    /// The body that entries of the change hold.
    pub(crate) fn body(&self, number: MessageId) -> Option<&Stored> {
        self.parcels.body(number)
    }

    pub(crate) fn bodies(&self) -> usize {
        self.parcels.bodies()
    }

    /// Bytes of the bodies.
    pub(crate) fn bytes(&self) -> usize {
        self.parcels.iter().filter_map(Parcel::body).map(|body| body.message.size()).sum()
    }

    /// Changes of entries and retained messages, more or less: what it costs to write.
    pub(crate) fn weight(&self) -> usize {
        self.retained.len() + self.parcels.entries()
    }

    pub(crate) fn session(&mut self, session: SessionId) -> &mut SessionChange {
        let place = self.sessions.place(session);
        self.sessions.at(place)
    }

    /// A session goes, with all that is its own; its entries with [`Self::forget`].
    pub(crate) fn close(&mut self, session: SessionId) {
        self.sessions.close(session);
    }

    /// Forgets the entries of sessions that were closed: before it is read, and not at each merge, for it looks at all of them.
    pub(crate) fn forget(&mut self) {
        if self.sessions.take_stale() {
            self.parcels.forget(|place| self.sessions.is_gone(place));
        }
    }

    /// Folds a later change of an entry in, with the body that came with it.
    pub(crate) fn fold_entry(&mut self, key: EntryKey, change: EntryChange, body: Option<Stored>) {
        let place = self.place(key);
        self.fold_change(key.message, place, change, body);
    }

    fn fold_change(&mut self, number: MessageId, place: Place, change: EntryChange, body: Option<Stored>) {
        match change {
            EntryChange::Put { record, fresh } => {
                if !fresh {
                    self.step(number, place, Step::Complete, None);
                }
                self.step(number, place, Step::Enqueue(record), body);
            }
            EntryChange::Advance(state) => self.step(number, place, Step::Advance(state), None),
            EntryChange::Delete => self.step(number, place, Step::Complete, None),
        }
    }

    fn step(&mut self, number: MessageId, place: Place, step: Step, body: Option<Stored>) {
        let more = self.parcels.fold(number, place, step, body);
        self.sessions.count(place.session, more);
    }

    fn step_entry(&mut self, key: EntryKey, step: Step, body: Option<Stored>) {
        let place = self.place(key);
        self.step(key.message, place, step, body);
    }

    fn place(&mut self, key: EntryKey) -> Place {
        Place { session: self.sessions.place(key.session), ordinal: key.ordinal }
    }

    fn fold(&mut self, operation: Operation) {
        match operation {
            Operation::Enqueue { key, message, expires_at, record } => {
                self.step_entry(key, Step::Enqueue(record), Some(Stored { message, expires_at }));
            }
            Operation::Send { key, packet_id } => {
                self.step_entry(key, Step::Advance(EntryState::Sent { packet_id }), None);
            }
            Operation::Release { key, packet_id, order } => {
                self.step_entry(key, Step::Advance(EntryState::Released { packet_id, order }), None);
            }
            Operation::Complete { key } => self.step_entry(key, Step::Complete, None),
            Operation::CloseSession { session } => self.close(session),
            Operation::Retain { tenant, message, expires_at } => {
                let topic = Arc::from(message.topic());
                self.retained.insert((tenant, topic), Some(Stored { message, expires_at }));
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
