//! A naive model of the store, which consists of plain maps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidegate_mqtt::{Message, PacketId};
use tidegate_persistence::{
    EntryKey, EntryRecord, EntryState, Item, MessageRecord, Operation, SessionId, SessionRecord,
    SubscriptionRecord,
};

#[derive(Default)]
pub struct Model {
    sessions: BTreeMap<SessionId, SessionRecord>,
    subscriptions: BTreeMap<(SessionId, Arc<str>), SubscriptionRecord>,
    entries: BTreeMap<EntryKey, (EntryRecord, Arc<Message>)>,
    received: BTreeSet<(SessionId, PacketId)>,
    retained: BTreeMap<(Arc<str>, String), Arc<Message>>,
}

impl Model {
    /// Whether a key is in use, so that no other entry may be enqueued under it.
    pub fn has(&self, key: EntryKey) -> bool {
        self.entries.contains_key(&key)
    }

    pub fn apply_operation(&mut self, operation: &Operation) {
        match operation {
            Operation::OpenSession { session, record } => {
                self.sessions.insert(*session, (**record).clone());
            }
            Operation::CloseSession { session } => self.close(*session),
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
            Operation::Retain { tenant, message, .. } => {
                self.retained.insert((Arc::clone(tenant), message.topic().to_owned()), Arc::clone(message));
            }
            Operation::Unretain { tenant, topic } => {
                self.retained.remove(&(Arc::clone(tenant), (**topic).to_owned()));
            }
            delivery => self.deliver(delivery),
        }
    }

    fn deliver(&mut self, operation: &Operation) {
        match operation {
            Operation::Enqueue { key, message, record, .. } => {
                self.entries.insert(*key, (record.clone(), Arc::clone(message)));
            }
            Operation::Send { key, packet_id } => {
                self.advance(*key, EntryState::Sent { packet_id: *packet_id })
            }
            Operation::Release { key, packet_id, order } => {
                self.advance(*key, EntryState::Released { packet_id: *packet_id, order: *order });
            }
            Operation::Complete { key } => {
                self.entries.remove(key);
            }
            other => unreachable!("{other:?}"),
        }
    }

    fn advance(&mut self, key: EntryKey, state: EntryState) {
        let Some((record, _)) = self.entries.get_mut(&key) else { return };
        let back = matches!((record.state, state), (EntryState::Released { .. }, EntryState::Sent { .. }));
        if !back {
            record.state = state;
        }
    }

    fn close(&mut self, closed: SessionId) {
        self.sessions.remove(&closed);
        self.subscriptions.retain(|(session, _), _| *session != closed);
        self.entries.retain(|key, _| key.session != closed);
        self.received.retain(|(session, _)| *session != closed);
    }

    /// Returns all records, one line per record, sorted.
    pub fn content(&self) -> Vec<String> {
        let unreleased =
            self.entries.iter().filter(|(_, (entry, _))| !matches!(entry.state, EntryState::Released { .. }));
        let bodies: BTreeMap<_, _> = unreleased.map(|(key, (_, message))| (key.message, message)).collect();
        let sessions = self.sessions.iter().map(|(id, record)| Item::Session(*id, record.clone()));
        let subscriptions =
            self.subscriptions.iter().map(|((id, _), record)| Item::Subscription(*id, record.clone()));
        let messages = bodies.iter().map(|(number, message)| Item::Message(*number, read(message)));
        let entries = self.entries.iter().map(|(key, (record, _))| Item::Entry(*key, record.clone()));
        let received = self.received.iter().map(|(session, packet_id)| Item::Received(*session, *packet_id));
        let retained = self
            .retained
            .iter()
            .map(|((tenant, _), message)| Item::Retained { tenant, message: read(message) });
        let all =
            sessions.chain(subscriptions).chain(messages).chain(entries).chain(received).chain(retained);
        sorted(all.map(|item| format!("{item:?}")))
    }
}

pub fn sorted(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort_unstable();
    lines
}

fn read(message: &Message) -> MessageRecord<'_> {
    MessageRecord {
        topic: message.topic(),
        properties: message.properties(),
        payload: message.payload(),
        qos: message.qos(),
        retain: message.retain(),
        publisher: message.publisher(),
        expires_at: None,
    }
}
