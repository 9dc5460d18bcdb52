//! QoS 1 PUBLISH frames that are forwarded as encoded by the publisher: which sessions accept them, which packet
//! identifiers they get, and what happens to them later.

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{
    AckKind, Connect, Message, OutgoingPublish, PacketId, ProtocolVersion, PublishView, QoS,
};
use tidegate_session::{Cause, Config, Frames, Verdict};

use super::pair::{SessionUnderTest, message, persistent_connect};

const V5: ProtocolVersion = ProtocolVersion::V5;

/// Returns frames as publishers send them, all with packet identifier 500: the bytes, the offsets of the packet
/// identifiers, and the size of the largest frame.
fn frames(topics: &[&str]) -> (Vec<u8>, Vec<usize>, usize) {
    let (mut wire, mut packet_ids, mut largest_size) = (Vec::new(), Vec::new(), 0);
    for topic in topics {
        let message: &Message = &message(topic, topic.as_bytes(), None);
        let mut outgoing = OutgoingPublish::from_message(message, super::pair::start());
        outgoing.qos = QoS::AtLeastOnce;
        outgoing.packet_id = PacketId::new(500);
        let start = wire.len();
        outgoing.encode(V5, &mut wire);
        let Ok(Next::Frame(packet)) = frame::next(&wire[start..], V5, u32::MAX) else { panic!("no frame") };
        let at = PublishView::parse(&packet, V5).unwrap().packet_id_at().unwrap();
        packet_ids.push(start + at);
        largest_size = largest_size.max(packet.wire.len());
    }
    (wire, packet_ids, largest_size)
}

fn push(pair: &mut SessionUnderTest, topics: &[&str]) -> Verdict {
    let (wire, packet_ids, largest_size) = frames(topics);
    pair.session.push_frames(&Frames { wire: &wire, packet_ids: &packet_ids, largest_size })
}

/// Returns the CONNECT of a session that ends with its connection.
fn transient_connect() -> Connect {
    Connect::new(V5, "client")
}

fn sent(topic: &str, packet_id: u16) -> (String, u16, bool) {
    (topic.to_owned(), packet_id, false)
}

/// `[MQTT5-2.2.1-4]` `[MQTT5-4.6.0-5]`
#[test]
fn frames_get_packet_identifiers_of_the_session_in_order() {
    let mut pair = SessionUnderTest::new(transient_connect());
    let _ = pair.push("before", QoS::AtLeastOnce);
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::Sent);
    let _ = pair.push("behind", QoS::AtLeastOnce);
    let expected = [sent("before", 1), sent("a", 2), sent("a", 3), sent("a", 4), sent("behind", 5)];
    assert_eq!(pair.summary(), expected);
    assert_eq!(pair.session.inflight(), 5);
    let payload = |publish: tidegate_mqtt::Publish| (publish.qos, publish.payload.to_vec());
    assert_eq!(push(&mut pair, &["b"]), Verdict::Sent);
    assert_eq!(
        pair.published().into_iter().map(payload).collect::<Vec<_>>(),
        [(QoS::AtLeastOnce, b"b".to_vec())]
    );
}

/// `[MQTT5-4.3.2-3]` `[MQTT5-4.9.0-2]`
#[test]
fn a_puback_frees_identifier_and_quota() {
    let mut connect = transient_connect();
    connect.receive_maximum = Some(2);
    let mut pair = SessionUnderTest::new(connect);
    assert_eq!(push(&mut pair, &["a", "a"]), Verdict::Sent);
    assert_eq!(push(&mut pair, &["a"]), Verdict::PushOneByOne, "no quota is left");
    let _ = pair.push("queued", QoS::AtLeastOnce);
    assert_eq!(pair.summary(), [sent("a", 1), sent("a", 2)]);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.summary(), [sent("queued", 3)]);
    pair.acknowledge(AckKind::PubAck, 3);
    pair.acknowledge(AckKind::PubAck, 2);
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(push(&mut pair, &["b", "b"]), Verdict::Sent);
    assert_eq!(push(&mut pair, &["b"]), Verdict::PushOneByOne, "two are open again, not three");
}

/// `[MQTT5-3.3.4-9]`
#[test]
fn all_frames_fit_into_the_quota_or_none_is_sent() {
    let mut connect = transient_connect();
    connect.receive_maximum = Some(2);
    let mut pair = SessionUnderTest::new(connect);
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::PushOneByOne);
    assert_eq!((pair.summary(), pair.session.inflight()), (vec![], 0));
}

#[test]
fn all_frames_fit_into_the_limits_or_none_is_sent() {
    let config = Config { inflight_max: 2, pending_bytes_high: 30, ..Config::default() };
    let mut pair = SessionUnderTest::with(config, transient_connect());
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::PushOneByOne, "three in flight");
    assert_eq!(push(&mut pair, &["0123456789", "0123456789"]), Verdict::PushOneByOne, "over 30 bytes");
    assert_eq!(push(&mut pair, &["a", "a"]), Verdict::Sent);
}

/// Unacknowledged messages have to be resent after a reconnect, so the session must store them. `[MQTT5-4.4.0-1]`
#[test]
fn a_session_that_outlives_its_connection_accepts_no_frames() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    assert_eq!(push(&mut pair, &["a"]), Verdict::PushOneByOne);
    assert_eq!((pair.summary(), pair.session.inflight()), (vec![], 0));
}

/// `[MQTT5-3.1.2-5]`
#[test]
fn frames_are_not_resent_after_the_session_ended() {
    let mut pair = SessionUnderTest::new(transient_connect());
    assert_eq!(push(&mut pair, &["a", "a"]), Verdict::Sent);
    pair.detach(Cause::Closed);
    assert_eq!(push(&mut pair, &["a"]), Verdict::PushOneByOne, "no connection is attached");
    pair.connect(persistent_connect());
    assert_eq!((pair.summary(), pair.session.inflight()), (vec![], 0));
}

/// `[MQTT5-4.6.0-5]`
#[test]
fn frames_do_not_overtake_queued_messages() {
    let mut connect = transient_connect();
    connect.receive_maximum = Some(2);
    let mut pair = SessionUnderTest::new(connect);
    for topic in ["1", "2", "3", "4"] {
        let _ = pair.push(topic, QoS::AtLeastOnce);
    }
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(push(&mut pair, &["late"]), Verdict::PushOneByOne);
    assert_eq!(pair.summary(), [sent("1", 1), sent("2", 2), sent("3", 3)]);
}

/// `[MQTT5-4.3.2-3]`: PUBREC does not acknowledge a QoS 1 message.
#[test]
fn an_acknowledgement_other_than_puback_is_a_violation() {
    let mut pair = SessionUnderTest::new(transient_connect());
    assert_eq!(push(&mut pair, &["a"]), Verdict::Sent);
    let ack = tidegate_mqtt::Ack::new(AckKind::PubRec, PacketId::MIN, tidegate_mqtt::ReasonCode::Success);
    assert!(pair.session.handle_ack(&ack, pair.now).is_err());
}

/// `[MQTT5-3.1.2-24]` `[MQTT5-3.1.2-25]`
#[test]
fn frames_above_the_packet_size_of_the_client_are_not_copied() {
    let mut connect = transient_connect();
    connect.packet_size_max = Some(20);
    let mut pair = SessionUnderTest::new(connect);
    assert_eq!(push(&mut pair, &["short"]), Verdict::Sent);
    assert_eq!(push(&mut pair, &["a topic of some length"]), Verdict::PushOneByOne);
}

#[test]
fn unacknowledged_frames_are_counted_as_dropped_when_the_session_ends() {
    let mut pair = SessionUnderTest::new(transient_connect());
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::Sent);
    pair.acknowledge(AckKind::PubAck, 2);
    pair.detach(Cause::Closed);
    assert_eq!(pair.session.take_drops().ended, 2);
}

/// `[MQTT5-4.6.0-5]`: with a store, a message that follows a QoS 2 message awaiting its commit also waits.
#[test]
fn frames_do_not_overtake_messages_awaiting_commit() {
    let mut pair =
        SessionUnderTest::with(Config { change_log: true, ..Config::default() }, transient_connect());
    let _ = pair.push("awaiting", QoS::ExactlyOnce);
    assert_eq!(push(&mut pair, &["late"]), Verdict::PushOneByOne);
    pair.session.set_commit(1);
    pair.session.release_committed(1, pair.now);
    assert_eq!(push(&mut pair, &["late"]), Verdict::Sent);
    assert_eq!(pair.topics(), ["awaiting", "late"]);
}

/// `[MQTT5-4.6.0-5]`: the session ends with its present connection, but outlived an earlier one.
#[test]
fn frames_do_not_overtake_messages_to_be_resent() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    for topic in ["1", "2"] {
        let _ = pair.push(topic, QoS::AtLeastOnce);
    }
    pair.detach(Cause::Closed);
    let mut connect = transient_connect();
    connect.clean_start = false;
    connect.receive_maximum = Some(1);
    pair.connect(connect);
    assert_eq!(push(&mut pair, &["late"]), Verdict::PushOneByOne, "one message still has to be resent");
    pair.acknowledge(AckKind::PubAck, 1);
    pair.acknowledge(AckKind::PubAck, 2);
    assert_eq!(push(&mut pair, &["late"]), Verdict::Sent);
    assert_eq!(pair.topics(), ["1", "2", "late"]);
}

#[test]
fn frames_are_not_copied_to_a_client_with_aliases() {
    let mut connect = transient_connect();
    connect.topic_alias_maximum = Some(10);
    let mut pair = SessionUnderTest::new(connect);
    assert_eq!(push(&mut pair, &["a"]), Verdict::PushOneByOne);
}
