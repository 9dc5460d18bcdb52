//! QoS 1 PUBLISH frames that are passed on as they came: to whom, under which identifiers, and what becomes of them.

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{AckKind, Connect, Message, Outgoing, PacketId, ProtocolVersion, PublishView, QoS};
use tidegate_session::{Cause, Config, Frames, Verdict};

use super::pair::{Pair, lasting, message};

const V5: ProtocolVersion = ProtocolVersion::V5;

/// Frames as publishers send them, all under identifier 500.
fn frames(topics: &[&str]) -> (Vec<u8>, Vec<usize>, usize) {
    let (mut wire, mut packet_ids, mut largest) = (Vec::new(), Vec::new(), 0);
    for topic in topics {
        let message: &Message = &message(topic, topic.as_bytes(), None);
        let mut outgoing = Outgoing::of(message, super::pair::start());
        outgoing.qos = QoS::AtLeastOnce;
        outgoing.packet_id = PacketId::new(500);
        let start = wire.len();
        outgoing.encode(V5, &mut wire);
        let Ok(Next::Frame(packet)) = frame::next(&wire[start..], V5, u32::MAX) else { panic!("no frame") };
        let at = PublishView::parse(&packet, V5).unwrap().packet_id_at().unwrap();
        packet_ids.push(start + at);
        largest = largest.max(packet.wire.len());
    }
    (wire, packet_ids, largest)
}

fn push(pair: &mut Pair, topics: &[&str]) -> Verdict {
    let (wire, packet_ids, largest) = frames(topics);
    pair.session.push_frames(&Frames { wire: &wire, packet_ids: &packet_ids, largest })
}

/// CONNECT of a session that ends with its connection.
fn passing() -> Connect {
    Connect::new(V5, "client")
}

fn line(topic: &str, packet_id: u16) -> (String, u16, bool) {
    (topic.to_owned(), packet_id, false)
}

/// `[MQTT5-2.2.1-4]` `[MQTT5-4.6.0-5]`
#[test]
fn they_get_identifiers_of_the_session_in_order() {
    let mut pair = Pair::new(passing());
    let _ = pair.push("before", QoS::AtLeastOnce);
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::Sent);
    let _ = pair.push("behind", QoS::AtLeastOnce);
    let lines = [line("before", 1), line("a", 2), line("a", 3), line("a", 4), line("behind", 5)];
    assert_eq!(pair.summary(), lines);
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
    let mut connect = passing();
    connect.receive_maximum = Some(2);
    let mut pair = Pair::new(connect);
    assert_eq!(push(&mut pair, &["a", "a"]), Verdict::Sent);
    assert_eq!(push(&mut pair, &["a"]), Verdict::Individually, "no quota is left");
    let _ = pair.push("queued", QoS::AtLeastOnce);
    assert_eq!(pair.summary(), [line("a", 1), line("a", 2)]);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.summary(), [line("queued", 3)]);
    pair.acknowledge(AckKind::PubAck, 3);
    pair.acknowledge(AckKind::PubAck, 2);
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(push(&mut pair, &["b", "b"]), Verdict::Sent);
    assert_eq!(push(&mut pair, &["b"]), Verdict::Individually, "two are open again, not three");
}

/// `[MQTT5-3.3.4-9]`
#[test]
fn all_of_them_fit_the_quota_or_none_goes() {
    let mut connect = passing();
    connect.receive_maximum = Some(2);
    let mut pair = Pair::new(connect);
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::Individually);
    assert_eq!((pair.summary(), pair.session.inflight()), (vec![], 0));
}

#[test]
fn they_fit_the_bounds_of_inflight_and_pending_bytes_or_none_goes() {
    let config = Config { inflight_max: 2, pending_bytes_high: 30, ..Config::default() };
    let mut pair = Pair::with(config, passing());
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::Individually, "three in flight");
    assert_eq!(push(&mut pair, &["0123456789", "0123456789"]), Verdict::Individually, "over 30 bytes");
    assert_eq!(push(&mut pair, &["a", "a"]), Verdict::Sent);
}

/// What is not acknowledged has to be sent again after a reconnect, so it must be kept. `[MQTT5-4.4.0-1]`
#[test]
fn a_session_that_outlives_its_connection_takes_none() {
    let mut pair = Pair::new(lasting());
    assert_eq!(push(&mut pair, &["a"]), Verdict::Individually);
    assert_eq!((pair.summary(), pair.session.inflight()), (vec![], 0));
}

/// `[MQTT5-3.1.2-5]`
#[test]
fn they_are_gone_with_the_session() {
    let mut pair = Pair::new(passing());
    assert_eq!(push(&mut pair, &["a", "a"]), Verdict::Sent);
    pair.detach(Cause::Closed);
    assert_eq!(push(&mut pair, &["a"]), Verdict::Individually, "nobody is there");
    pair.connect(lasting());
    assert_eq!((pair.summary(), pair.session.inflight()), (vec![], 0));
}

/// `[MQTT5-4.6.0-5]`
#[test]
fn they_do_not_overtake_what_waits() {
    let mut connect = passing();
    connect.receive_maximum = Some(2);
    let mut pair = Pair::new(connect);
    for topic in ["1", "2", "3", "4"] {
        let _ = pair.push(topic, QoS::AtLeastOnce);
    }
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(push(&mut pair, &["late"]), Verdict::Individually);
    assert_eq!(pair.summary(), [line("1", 1), line("2", 2), line("3", 3)]);
}

/// `[MQTT5-4.3.2-3]`: a PUBREC is no answer to QoS 1.
#[test]
fn another_acknowledgement_than_puback_is_a_fault() {
    let mut pair = Pair::new(passing());
    assert_eq!(push(&mut pair, &["a"]), Verdict::Sent);
    let ack = tidegate_mqtt::Ack::new(AckKind::PubRec, PacketId::MIN, tidegate_mqtt::ReasonCode::Success);
    assert!(pair.session.handle_ack(&ack, pair.now).is_err());
}

/// `[MQTT5-3.1.2-24]` `[MQTT5-3.1.2-25]`
#[test]
fn frames_above_the_packet_size_of_the_client_are_not_copied() {
    let mut connect = passing();
    connect.packet_size_max = Some(20);
    let mut pair = Pair::new(connect);
    assert_eq!(push(&mut pair, &["short"]), Verdict::Sent);
    assert_eq!(push(&mut pair, &["a topic of some length"]), Verdict::Individually);
}

#[test]
fn what_was_not_acknowledged_counts_as_ended_with_the_session() {
    let mut pair = Pair::new(passing());
    assert_eq!(push(&mut pair, &["a", "a", "a"]), Verdict::Sent);
    pair.acknowledge(AckKind::PubAck, 2);
    pair.detach(Cause::Closed);
    assert_eq!(pair.session.take_drops().ended, 2);
}

/// `[MQTT5-4.6.0-5]`: with a store, what comes behind a QoS 2 message that waits for its commit waits too.
#[test]
fn they_do_not_overtake_what_is_deferred() {
    let mut pair = Pair::with(Config { change_log: true, ..Config::default() }, passing());
    let _ = pair.push("deferred", QoS::ExactlyOnce);
    assert_eq!(push(&mut pair, &["late"]), Verdict::Individually);
    pair.session.set_commit(1);
    pair.session.release_committed(1, pair.now);
    assert_eq!(push(&mut pair, &["late"]), Verdict::Sent);
    assert_eq!(pair.topics(), ["deferred", "late"]);
}

/// `[MQTT5-4.6.0-5]`: a session that ends with this connection, but had another one before.
#[test]
fn they_do_not_overtake_what_is_to_be_sent_again() {
    let mut pair = Pair::new(lasting());
    for topic in ["1", "2"] {
        let _ = pair.push(topic, QoS::AtLeastOnce);
    }
    pair.detach(Cause::Closed);
    let mut connect = passing();
    connect.clean_start = false;
    connect.receive_maximum = Some(1);
    pair.connect(connect);
    assert_eq!(push(&mut pair, &["late"]), Verdict::Individually, "one is still to be sent again");
    pair.acknowledge(AckKind::PubAck, 1);
    pair.acknowledge(AckKind::PubAck, 2);
    assert_eq!(push(&mut pair, &["late"]), Verdict::Sent);
    assert_eq!(pair.topics(), ["1", "2", "late"]);
}

#[test]
fn they_are_not_copied_past_the_aliases() {
    let mut connect = passing();
    connect.topic_alias_maximum = Some(10);
    let mut pair = Pair::new(connect);
    assert_eq!(push(&mut pair, &["a"]), Verdict::Individually);
}
