//! Sample records and operations.

use std::sync::Arc;

use tidegate_mqtt::{Message, MessageParts, PacketId, ProtocolVersion, QoS, SubscriptionOptions, topic};
use tidegate_persistence::{
    EntryKey, EntryRecord, MessageId, Operation, SessionId, SessionRecord, SessionState, SubscriptionRecord,
};

pub fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

pub fn key(session: u64, message: u64, ordinal: u16) -> EntryKey {
    EntryKey { session: SessionId(session), message: MessageId(message), ordinal }
}

pub fn session(client_id: &str) -> Box<SessionRecord> {
    Box::new(SessionRecord {
        tenant: Arc::from("default"),
        client_id: Arc::from(client_id),
        version: ProtocolVersion::V5,
        session_expiry: 3600,
        state: SessionState::Attached,
        will: None,
    })
}

pub fn open_session(session_id: u64) -> Operation {
    Operation::OpenSession {
        session: SessionId(session_id),
        record: session(&format!("client-{session_id}")),
    }
}

pub fn subscription(filter: &str) -> Box<SubscriptionRecord> {
    let options = SubscriptionOptions::with_qos(QoS::AtLeastOnce);
    Box::new(SubscriptionRecord { filter: Arc::from(filter), options, identifier: None })
}

pub fn message(topic: &str, payload: &[u8]) -> Arc<Message> {
    Arc::new(Message::from_parts(&MessageParts {
        topic: &topic::Name::parse(topic).unwrap(),
        properties: &[],
        payload,
        qos: QoS::AtLeastOnce,
        retain: false,
        publisher: 7,
        expires_at: None,
    }))
}

pub fn enqueue(key: EntryKey, message: &Arc<Message>) -> Operation {
    let record = EntryRecord::queued(QoS::AtLeastOnce);
    Operation::Enqueue { key, message: Arc::clone(message), expires_at: None, record }
}
