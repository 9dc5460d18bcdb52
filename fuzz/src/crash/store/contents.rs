//! The records of the store as plain maps. An operation that contradicts the records causes a panic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidegate_mqtt::{Message, PacketId};
use tidegate_persistence::{
    EntryKey, EntryRecord, EntryState, Item, MessageRecord, Operation, Progress, SessionId, SessionRecord,
    SubscriptionRecord,
};

/// All records of the store.
#[derive(Clone, Default)]
pub(super) struct Contents {
    sessions: BTreeMap<SessionId, SessionRecord>,
    subscriptions: BTreeMap<(SessionId, Arc<str>), SubscriptionRecord>,
    entries: BTreeMap<EntryKey, Entry>,
    received: BTreeSet<(SessionId, PacketId)>,
    retained: BTreeMap<(Arc<str>, String), Body>,
}

#[derive(Clone)]
struct Entry {
    record: EntryRecord,
    body: Body,
}

#[derive(Clone)]
struct Body {
    message: Arc<Message>,
    expires_at: Option<u64>,
}

impl Contents {
    /// Checks an operation. Panics if the operation changes a record that does not exist, or adds a record that exists.
    pub(super) fn check(&self, operation: &Operation) {
        if let Some(fault) = self.find_fault(operation) {
            panic!("the broker appends an operation for {fault}: {operation:?}");
        }
    }

    fn find_fault(&self, operation: &Operation) -> Option<&'static str> {
        let has_session = operation.session().is_none_or(|session| self.sessions.contains_key(&session));
        match operation {
            Operation::OpenSession { .. } | Operation::CloseSession { .. } => None,
            _ if !has_session => Some("a session that does not exist"),
            Operation::Enqueue { key, .. } => self.entries.get(key).map(|_| "an entry that exists"),
            Operation::Send { key, .. } | Operation::Release { key, .. } | Operation::Complete { key } => {
                (!self.entries.contains_key(key)).then_some("an entry that does not exist")
            }
            Operation::Receive { session, packet_id } => {
                self.received.get(&(*session, *packet_id)).map(|_| "an identifier that is held")
            }
            Operation::ReleaseReceived { session, packet_id } => {
                (!self.received.contains(&(*session, *packet_id))).then_some("an identifier that is free")
            }
            _ => None,
        }
    }

    /// Applies an operation.
    pub(super) fn apply_operation(&mut self, operation: &Operation) {
        match operation {
            Operation::OpenSession { session, record } => {
                self.sessions.insert(*session, (**record).clone());
            }
            Operation::CloseSession { session } => self.close_session(*session),
            Operation::Subscribe { session, record } => {
                self.subscriptions.insert((*session, Arc::clone(&record.filter)), (**record).clone());
            }
            Operation::Unsubscribe { session, filter } => {
                self.subscriptions.remove(&(*session, Arc::clone(filter)));
            }
            Operation::Receive { session, packet_id } => {
                self.received.insert((*session, *packet_id));
            }
            Operation::ReleaseReceived { session, packet_id } => {
                self.received.remove(&(*session, *packet_id));
            }
            Operation::Retain { tenant, message, expires_at } => {
                let key = (Arc::clone(tenant), message.topic().to_owned());
                self.retained.insert(key, Body { message: Arc::clone(message), expires_at: *expires_at });
            }
            Operation::Unretain { tenant, topic } => {
                self.retained.remove(&(Arc::clone(tenant), topic.to_string()));
            }
            entry => self.apply_entry(entry),
        }
    }

    fn apply_entry(&mut self, operation: &Operation) {
        match operation {
            Operation::Enqueue { key, message, expires_at, record } => {
                let body = Body { message: Arc::clone(message), expires_at: *expires_at };
                self.entries.insert(*key, Entry { record: record.clone(), body });
            }
            Operation::Send { key, packet_id } => {
                self.set_entry_state(*key, EntryState::Sent { packet_id: *packet_id });
            }
            Operation::Release { key, packet_id, order } => {
                self.set_entry_state(*key, EntryState::Released { packet_id: *packet_id, order: *order });
            }
            Operation::Complete { key } => {
                self.entries.remove(key);
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn set_entry_state(&mut self, key: EntryKey, state: EntryState) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        let is_back =
            matches!((entry.record.state, state), (EntryState::Released { .. }, EntryState::Sent { .. }));
        if !is_back {
            entry.record.state = state;
        }
    }

    fn close_session(&mut self, closed: SessionId) {
        self.sessions.remove(&closed);
        self.subscriptions.retain(|(session, _), _| *session != closed);
        self.entries.retain(|key, _| key.session != closed);
        self.received.retain(|(session, _)| *session != closed);
    }

    /// Passes every record to `visit`, in the order of [`Item`]'s variants.
    pub(super) fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) {
        let holds_body = |entry: &&Entry| !matches!(entry.record.state, EntryState::Released { .. });
        let bodies: BTreeMap<_, _> = self
            .entries
            .iter()
            .filter(|(_, entry)| holds_body(entry))
            .map(|(key, entry)| (key.message, &entry.body))
            .collect();
        let sessions = self.sessions.iter().map(|(id, record)| Item::Session(*id, record.clone()));
        let subscriptions =
            self.subscriptions.iter().map(|((id, _), record)| Item::Subscription(*id, record.clone()));
        let messages = bodies.iter().map(|(id, body)| Item::Message(*id, body.record()));
        let entries = self.entries.iter().map(|(key, entry)| Item::Entry(*key, entry.record.clone()));
        let received = self.received.iter().map(|(id, packet_id)| Item::Received(*id, *packet_id));
        let retained =
            self.retained.iter().map(|((tenant, _), body)| Item::Retained { tenant, message: body.record() });
        let items =
            sessions.chain(subscriptions).chain(messages).chain(entries).chain(received).chain(retained);
        let items: Vec<_> = items.collect();
        let total = items.len() as u64;
        for (done, item) in (1..).zip(items) {
            visit(item, Progress { done, total });
        }
    }

    /// Passes the records of one session to `visit`.
    pub(super) fn load_session(&self, session: SessionId, visit: &mut dyn FnMut(Item<'_>)) {
        let mut records = self.clone();
        records.sessions.retain(|id, _| *id == session);
        records.subscriptions.retain(|(id, _), _| *id == session);
        records.entries.retain(|key, _| key.session == session);
        records.received.retain(|(id, _)| *id == session);
        records.retained.clear();
        records.load(&mut |item, _| visit(item));
    }
}

impl Body {
    fn record(&self) -> MessageRecord<'_> {
        let message = &self.message;
        MessageRecord {
            topic: message.topic(),
            properties: message.properties(),
            payload: message.payload(),
            qos: message.qos(),
            retain: message.retain(),
            publisher: message.publisher(),
            expires_at: self.expires_at,
        }
    }
}
