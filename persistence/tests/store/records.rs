//! Each kind of record is read back with all of its fields.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tidegate_mqtt::{
    Message, MessageParts, ProtocolVersion, QoS, RetainHandling, SubscriptionOptions, Will, topic,
};
use tidegate_persistence::{
    Clock, EntryRecord, EntryState, Item, Journal, MessageId, MessageRecord, Operation, SessionId,
    SessionRecord, SessionState, SubscriptionRecord,
};

use crate::harness::{Harness, content};
use crate::samples::{enqueue, id, key, open_session};

const PROPERTIES: [u8; 7] = [0x26, 0, 1, 0x6E, 0, 1, 0x76];

fn full_session() -> SessionRecord {
    let mut will = Will::new(topic::Name::parse("w/t").unwrap(), "gone", QoS::ExactlyOnce);
    will.retain = true;
    will.delay = 30;
    will.expiry = Some(5);
    will.properties = Bytes::from_static(&PROPERTIES);
    SessionRecord {
        tenant: Arc::from("t"),
        client_id: Arc::from("c".repeat(600)),
        version: ProtocolVersion::V3_1_1,
        session_expiry: u32::MAX,
        state: SessionState::Waiting { will_at: Some(1), ends_at: None },
        will: Some(Box::new(will)),
    }
}

fn full_message() -> Message {
    Message::from_parts(&MessageParts {
        topic: &topic::Name::parse("a/b").unwrap(),
        properties: &PROPERTIES,
        payload: &[0, 1, 255],
        qos: QoS::ExactlyOnce,
        retain: true,
        publisher: u64::MAX,
        expires_at: None,
    })
}

fn expected_message() -> MessageRecord<'static> {
    MessageRecord {
        topic: "a/b",
        properties: &PROPERTIES,
        payload: &[0, 1, 255],
        qos: QoS::ExactlyOnce,
        retain: true,
        publisher: u64::MAX,
        expires_at: Some(9),
    }
}

fn full_entry() -> EntryRecord {
    EntryRecord {
        qos: QoS::ExactlyOnce,
        retain: true,
        subscription_identifiers: Box::new([1, 268_435_455]),
        shared_filter: Some(Arc::from("$share/g/a/#")),
        state: EntryState::Sent { packet_id: id(65_535) },
    }
}

/// Returns a record of each kind with every field set: the operations that write the records, and the items that are
/// read back.
pub fn one_of_each() -> (Vec<Operation>, [Item<'static>; 6]) {
    let (session, message) = (SessionId(3), Arc::new(full_message()));
    let options = SubscriptionOptions {
        qos: QoS::ExactlyOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::Never,
    };
    let filter = Arc::from("$share/g/a/#");
    let subscription = SubscriptionRecord { filter, options, identifier: Some(268_435_455) };
    let enqueue = Operation::Enqueue {
        key: key(3, 8, 2),
        message: Arc::clone(&message),
        expires_at: Some(9),
        record: full_entry(),
    };
    let operations = vec![
        Operation::OpenSession { session, record: Box::new(full_session()) },
        Operation::Subscribe { session, record: Box::new(subscription.clone()) },
        enqueue,
        Operation::Receive { session, packet_id: id(1) },
        Operation::Retain { tenant: Arc::from("t"), message, expires_at: Some(9) },
    ];
    let items = [
        Item::Session(session, full_session()),
        Item::Subscription(session, subscription),
        Item::Message(MessageId(8), expected_message()),
        Item::Entry(key(3, 8, 2), full_entry()),
        Item::Received(session, id(1)),
        Item::Retained { tenant: "t", message: expected_message() },
    ];
    (operations, items)
}

#[test]
fn every_record_is_read_back_unchanged() {
    let mut harness = Harness::new();
    let (operations, items) = one_of_each();
    harness.with_store(|store, harness| harness.commit(store, operations));
    assert_eq!(harness.reopened_content(), items.map(|item| format!("{item:?}")));
}

#[test]
fn an_entry_moves_from_queued_to_sent_to_released_to_deleted() {
    let mut harness = Harness::new();
    let message = Arc::new(full_message());
    let entry_key = key(1, 1, 0);
    let states = |lines: &[String]| {
        let bodies = lines.iter().filter(|line| line.starts_with("Message")).count();
        (bodies, lines.iter().find(|line| line.starts_with("Entry")).cloned().unwrap_or_default())
    };
    harness.with_store(|store, harness| {
        harness.commit(store, vec![open_session(1), enqueue(entry_key, &message)])
    });
    let (bodies, entry) = states(&harness.reopened_content());
    assert!(bodies == 1 && entry.contains("Queued"), "{entry}");
    let send = Operation::Send { key: entry_key, packet_id: id(5) };
    harness.with_store(|store, harness| harness.commit(store, vec![send]));
    let (bodies, entry) = states(&harness.reopened_content());
    assert!(bodies == 1 && entry.contains("Sent") && entry.contains('5'), "{entry}");
    let release = Operation::Release { key: entry_key, packet_id: id(5), order: 77 };
    harness.with_store(|store, harness| harness.commit(store, vec![release]));
    let (bodies, entry) = states(&harness.reopened_content());
    assert!(bodies == 0 && entry.contains("Released") && entry.contains("77"), "{entry}");
    harness.with_store(|store, harness| harness.commit(store, vec![Operation::Complete { key: entry_key }]));
    assert_eq!(states(&harness.reopened_content()), (0, String::new()));
}

#[test]
fn an_empty_store_has_no_records_and_ids_start_at_one() {
    Harness::new().with_store(|store, _| {
        assert_eq!(content(store), [""; 0]);
        assert_eq!((store.next_session(), store.next_message()), (SessionId(1), MessageId(1)));
        assert_eq!((store.next_session(), store.next_message()), (SessionId(2), MessageId(2)));
    });
}

#[test]
fn committed_ids_are_never_handed_out_again() {
    let mut harness = Harness::new();
    let mut highest = 0;
    for _ in 0..3 {
        harness.with_store(|store, harness| {
            let session = store.next_session();
            assert!(session.0 > highest);
            highest = session.0;
            harness.commit(store, vec![open_session(session.0)]);
            harness.commit(store, vec![Operation::CloseSession { session }]);
        });
    }
    assert_eq!(harness.reopened_content(), [""; 0]);
}

#[test]
fn a_stored_message_converts_back_to_a_message() {
    let clock = Clock { now: Instant::now(), store_time: 1_000_000 };
    let mut record = expected_message();
    record.expires_at = Some(1_005_000);
    let message = record.to_message(&clock).unwrap();
    assert_eq!(
        (message.topic(), message.payload(), message.properties()),
        ("a/b", &[0, 1, 255][..], &PROPERTIES[..])
    );
    assert_eq!(message.expires_at(), Some(clock.now + Duration::from_secs(5)));
    assert_eq!(clock.store_time(clock.now + Duration::from_secs(5)), 1_005_000);
    record.expires_at = Some(5);
    assert!(record.to_message(&clock).unwrap().is_expired(clock.now));
    record.topic = "a/#";
    assert!(record.to_message(&clock).is_none());
}
