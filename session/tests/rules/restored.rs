//! A session restored from a store that applied its changes continues like the original session.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_mqtt::{AckKind, Packet, PacketId, QoS, ReasonCode};
use tidegate_session::{Cause, Config, Delivery, Received};

use crate::model_store::ModelStore;
use crate::pair::{SessionUnderTest, id, message, persistent_connect};

#[derive(Clone, Copy, Debug)]
enum Operation {
    Push { qos: QoS, shared: bool },
    Answer { kind: AckKind, nth: u16, refuses: bool },
    Receive(u16),
    Release(u16),
    Leave,
    Return,
}

fn operation() -> impl Strategy<Value = Operation> {
    let qos = prop_oneof![Just(QoS::AtLeastOnce), Just(QoS::ExactlyOnce)];
    let kind = prop_oneof![Just(AckKind::PubAck), Just(AckKind::PubRec), Just(AckKind::PubComp)];
    prop_oneof![
        8 => (qos, any::<bool>()).prop_map(|(qos, shared)| Operation::Push { qos, shared }),
        8 => (kind, 1..12u16, prop::bool::weighted(0.1))
            .prop_map(|(kind, nth, refuses)| Operation::Answer { kind, nth, refuses }),
        1 => (1..4u16).prop_map(Operation::Receive),
        1 => (1..4u16).prop_map(Operation::Release),
        1 => Just(Operation::Leave),
        2 => Just(Operation::Return),
    ]
}

fn apply_operation(operation: Operation, pair: &mut SessionUnderTest, count: usize) {
    match operation {
        Operation::Push { qos, shared } => push(pair, qos, shared, count),
        Operation::Answer { kind, nth, refuses } => {
            let reason = if refuses { ReasonCode::UnspecifiedError } else { ReasonCode::Success };
            let ack = tidegate_mqtt::Ack::new(kind, id(nth), reason);
            // An acknowledgement of the wrong kind is a violation that ends the connection, but the client of this test
            // continues.
            let _ = pair.session.handle_ack(&ack, pair.now);
        }
        Operation::Receive(nth) => drop(pair.session.receive(id(nth))),
        Operation::Release(nth) => drop(pair.session.release(id(nth))),
        Operation::Leave if pair.session.is_attached() => drop(pair.detach(Cause::Closed)),
        Operation::Return if !pair.session.is_attached() => drop(pair.connect(client_connect())),
        Operation::Leave | Operation::Return => {}
    }
    pair.commit_all();
    let _ = pair.wire();
}

fn push(pair: &mut SessionUnderTest, qos: QoS, shared: bool, count: usize) {
    let message = message("t", count.to_string().as_bytes(), None);
    message.assign_id(|| u64::try_from(count).unwrap() + 1);
    let shared_filter = shared.then(|| Arc::from("$share/g/t"));
    let shared_filter = shared_filter.as_ref();
    let delivery =
        Delivery { message: &message, qos, retain: shared, subscription_identifiers: &[3, 4], shared_filter };
    let _ = pair.session.push(&delivery, pair.now);
}

fn client_connect() -> tidegate_mqtt::Connect {
    tidegate_mqtt::Connect { receive_maximum: Some(6), ..persistent_connect() }
}

/// Lets a returning client acknowledge all packets that the session sends. Returns descriptions of the packets, and
/// whether the session still knows each QoS 2 packet identifier of the client.
fn read_and_acknowledge_all(pair: &mut SessionUnderTest) -> (Vec<String>, Vec<Received>) {
    let mut received = Vec::new();
    let mut fresh = Vec::new();
    loop {
        pair.commit_all();
        let packets = pair.received();
        if packets.is_empty() {
            break;
        }
        for packet in packets {
            received.push(describe(&packet, &mut fresh));
            answer(pair, &packet);
        }
    }
    let known = (1..4).map(|nth| pair.session.receive(id(nth)).unwrap()).collect();
    (received, known)
}

fn describe(packet: &Packet, fresh: &mut Vec<PacketId>) -> String {
    match packet {
        // The restored session may send a new message under a different packet identifier.
        Packet::Publish(publish) if !publish.dup => {
            fresh.extend(publish.packet_id);
            format!("{:?} {:?} {:?}", publish.payload, publish.qos, publish.retain)
        }
        Packet::Ack(ack) if fresh.contains(&ack.packet_id) => format!("{:?} for a new message", ack.kind),
        other => format!("{other:?}"),
    }
}

fn answer(pair: &mut SessionUnderTest, packet: &Packet) {
    let (kind, packet_id) = match packet {
        Packet::Publish(publish) if publish.qos == QoS::AtLeastOnce => (AckKind::PubAck, publish.packet_id),
        Packet::Publish(publish) => (AckKind::PubRec, publish.packet_id),
        Packet::Ack(ack) => (AckKind::PubComp, Some(ack.packet_id)),
        other => panic!("{other:?}"),
    };
    pair.acknowledge(kind, packet_id.unwrap().get());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_restored_session_continues_like_the_original(operations in prop::collection::vec(operation(), 1..120)) {
        let config = Config { change_log: true, queue_len_max: 8, ..Config::default() };
        let mut pair = SessionUnderTest::with(config, client_connect());
        let mut store = ModelStore::default();
        store.apply_changes(&mut pair.session);
        for (count, operation) in operations.into_iter().enumerate() {
            apply_operation(operation, &mut pair, count);
            store.apply_changes(&mut pair.session);
        }
        let mut restored = SessionUnderTest::with(Config::clone(&pair.config), client_connect());
        restored.session = store.restore(&pair.config);
        prop_assert_eq!(restored.session.queued(), pair.session.queued());
        prop_assert_eq!(restored.session.inflight(), pair.session.inflight());
        if pair.session.is_attached() {
            let _ = pair.detach(Cause::Closed);
        }
        prop_assert!(pair.connect(client_connect()).session_present);
        prop_assert!(restored.connect(client_connect()).session_present);
        prop_assert_eq!(read_and_acknowledge_all(&mut restored), read_and_acknowledge_all(&mut pair));
    }
}

#[test]
fn a_session_that_ends_with_its_connection_records_no_changes() {
    let mut connect = persistent_connect();
    connect.session_expiry = None;
    let mut pair = SessionUnderTest::with(Config { change_log: true, ..Config::default() }, connect);
    let _ = pair.push("t", QoS::AtLeastOnce);
    let _ = pair.detach(Cause::Closed);
    assert!(pair.changes().is_empty());
}

#[test]
fn a_session_that_is_no_longer_persistent_is_removed_from_the_store() {
    let mut pair =
        SessionUnderTest::with(Config { change_log: true, ..Config::default() }, persistent_connect());
    let mut store = ModelStore::default();
    store.apply_changes(&mut pair.session);
    assert!(store.metadata.is_some());
    let mut connect = persistent_connect();
    connect.session_expiry = None;
    assert!(pair.connect(connect).session_present);
    let _ = pair.push("t", QoS::AtLeastOnce);
    store.apply_changes(&mut pair.session);
    assert!(store.metadata.is_none() && store.deliveries.is_empty());
}

#[test]
fn a_delayed_will_is_stored_with_its_time_and_removed_when_published() {
    let topic = tidegate_mqtt::topic::Name::parse("w").unwrap();
    let will = tidegate_mqtt::Will { delay: 5, ..tidegate_mqtt::Will::new(topic, "gone", QoS::AtLeastOnce) };
    let mut connect = persistent_connect();
    connect.will = Some(will);
    let mut pair = SessionUnderTest::with(Config { change_log: true, ..Config::default() }, connect);
    let mut store = ModelStore::default();
    let _ = pair.detach(Cause::Closed);
    store.apply_changes(&mut pair.session);
    let metadata = store.metadata.clone().unwrap();
    assert!(metadata.will.is_some() && metadata.will_at == pair.session.poll_timeout());
    pair.advance(5);
    let mut restored = ModelStore { metadata: Some(metadata), ..ModelStore::default() }.restore(&pair.config);
    assert!(restored.handle_timeout(pair.now).will.is_some());
    store.apply_changes(&mut restored);
    assert!(store.metadata.unwrap().will.is_none());
}
