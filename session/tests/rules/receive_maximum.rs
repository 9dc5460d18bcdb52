//! The client's Receive Maximum limits the send quota, and acknowledgements give quota back. [MQTT5-3.3.4-9]
//! [MQTT5-4.9.0-1] [MQTT5-4.9.0-2] [MQTT5-4.9.0-3]

use tidegate_mqtt::{AckKind, Connect, Packet, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Cause, Config, Verdict};

use crate::pair::{SessionUnderTest, persistent_connect};

fn connect_with_receive_maximum(maximum: u16) -> Connect {
    let mut connect = persistent_connect();
    connect.receive_maximum = Some(maximum);
    connect
}

fn push_messages(pair: &mut SessionUnderTest, qos: QoS, count: usize) {
    for _ in 0..count {
        let _ = pair.push("a", qos);
    }
}

#[test]
fn messages_beyond_the_receive_maximum_are_queued() {
    let mut pair = SessionUnderTest::new(connect_with_receive_maximum(2));
    push_messages(&mut pair, QoS::AtLeastOnce, 2);
    assert_eq!(pair.push("a", QoS::ExactlyOnce), Verdict::Queued);
    assert_eq!(pair.published().len(), 2);
    assert_eq!(pair.session.queued(), 1);
    pair.acknowledge(AckKind::PubAck, 2);
    assert_eq!(pair.published().len(), 1);
    assert_eq!(pair.session.queued(), 0);
}

#[test]
fn pubcomp_gives_quota_back_but_pubrec_does_not() {
    let mut pair = SessionUnderTest::new(connect_with_receive_maximum(1));
    push_messages(&mut pair, QoS::ExactlyOnce, 2);
    let _ = pair.received();
    pair.acknowledge(AckKind::PubRec, 1);
    assert!(matches!(pair.received().as_slice(), [Packet::Ack(_)]));
    pair.acknowledge(AckKind::PubComp, 1);
    assert_eq!(pair.published().len(), 1);
}

#[test]
fn a_pubrec_with_an_error_gives_quota_back() {
    let mut pair = SessionUnderTest::new(connect_with_receive_maximum(1));
    push_messages(&mut pair, QoS::ExactlyOnce, 2);
    let _ = pair.received();
    pair.answer(AckKind::PubRec, 1, ReasonCode::QuotaExceeded);
    assert_eq!(pair.published().len(), 1);
}

#[test]
fn qos_0_and_control_packets_are_sent_without_quota() {
    let mut pair = SessionUnderTest::new(connect_with_receive_maximum(1));
    push_messages(&mut pair, QoS::AtLeastOnce, 2);
    let _ = pair.received();
    assert_eq!(pair.push("zero", QoS::AtMostOnce), Verdict::Sent);
    assert_eq!(pair.session.send(&Packet::PingResp), Ok(true));
    assert_eq!(pair.received().len(), 2);
}

#[test]
fn each_connection_starts_with_full_quota_and_resent_messages_use_it() {
    let mut pair = SessionUnderTest::new(connect_with_receive_maximum(10));
    push_messages(&mut pair, QoS::AtLeastOnce, 5);
    pair.detach(Cause::Closed);
    pair.connect(connect_with_receive_maximum(2));
    let ids: Vec<_> = pair.summary().into_iter().map(|(_, id, dup)| (id, dup)).collect();
    assert_eq!(ids, [(1, true), (2, true)]);
    assert_eq!(pair.push("new", QoS::AtLeastOnce), Verdict::Queued);
    for (acknowledged, next) in [(1, 3), (2, 4), (3, 5)] {
        pair.acknowledge(AckKind::PubAck, acknowledged);
        assert_eq!(pair.summary(), [("a".to_owned(), next, true)]);
    }
    pair.acknowledge(AckKind::PubAck, 4);
    assert_eq!(pair.summary(), [("new".to_owned(), 6, false)]);
}

#[test]
fn completing_a_delivery_of_an_earlier_connection_gives_no_quota_back() {
    let mut pair = SessionUnderTest::new(connect_with_receive_maximum(2));
    push_messages(&mut pair, QoS::ExactlyOnce, 2);
    pair.acknowledge(AckKind::PubRec, 1);
    pair.detach(Cause::Closed);
    pair.connect(connect_with_receive_maximum(1));
    let _ = pair.received();
    let _ = pair.push("new", QoS::AtLeastOnce);
    pair.acknowledge(AckKind::PubComp, 1);
    assert!(pair.published().is_empty(), "the resent PUBLISH uses the whole quota");
    pair.answer(AckKind::PubRec, 2, ReasonCode::UnspecifiedError);
    assert_eq!(pair.topics(), ["new"]);
}

#[test]
fn clients_before_mqtt_5_are_limited_by_inflight_max() {
    let config = Config { inflight_max: 3, ..Config::default() };
    let mut pair = SessionUnderTest::with(config, Connect::new(ProtocolVersion::V3_1_1, "client"));
    push_messages(&mut pair, QoS::AtLeastOnce, 5);
    assert_eq!(pair.published().len(), 3);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.published().len(), 1);
    assert_eq!(pair.session.inflight(), 3);
}
