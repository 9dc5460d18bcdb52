//! The client's Receive Maximum: the send quota and how it is refilled. [MQTT5-3.3.4-9] [MQTT5-4.9.0-1]
//! [MQTT5-4.9.0-2] [MQTT5-4.9.0-3]

use tidegate_mqtt::{AckKind, Connect, Packet, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Cause, Config, Verdict};

use crate::pair::{Pair, lasting};

fn limited(maximum: u16) -> Connect {
    let mut connect = lasting();
    connect.receive_maximum = Some(maximum);
    connect
}

fn fill(pair: &mut Pair, qos: QoS, count: usize) {
    for _ in 0..count {
        let _ = pair.push("a", qos);
    }
}

#[test]
fn what_exceeds_it_waits() {
    let mut pair = Pair::new(limited(2));
    fill(&mut pair, QoS::AtLeastOnce, 2);
    assert_eq!(pair.push("a", QoS::ExactlyOnce), Verdict::Queued);
    assert_eq!(pair.published().len(), 2);
    assert_eq!(pair.session.queued(), 1);
    pair.acknowledge(AckKind::PubAck, 2);
    assert_eq!(pair.published().len(), 1);
    assert_eq!(pair.session.queued(), 0);
}

#[test]
fn pubrec_gives_nothing_back_but_pubcomp_does() {
    let mut pair = Pair::new(limited(1));
    fill(&mut pair, QoS::ExactlyOnce, 2);
    let _ = pair.received();
    pair.acknowledge(AckKind::PubRec, 1);
    assert!(matches!(pair.received().as_slice(), [Packet::Ack(_)]));
    pair.acknowledge(AckKind::PubComp, 1);
    assert_eq!(pair.published().len(), 1);
}

#[test]
fn a_failing_pubrec_gives_it_back() {
    let mut pair = Pair::new(limited(1));
    fill(&mut pair, QoS::ExactlyOnce, 2);
    let _ = pair.received();
    pair.answer(AckKind::PubRec, 1, ReasonCode::QuotaExceeded);
    assert_eq!(pair.published().len(), 1);
}

#[test]
fn it_holds_back_nothing_else() {
    let mut pair = Pair::new(limited(1));
    fill(&mut pair, QoS::AtLeastOnce, 2);
    let _ = pair.received();
    assert_eq!(pair.push("zero", QoS::AtMostOnce), Verdict::Sent);
    assert!(pair.session.send(&Packet::PingResp));
    assert_eq!(pair.received().len(), 2);
}

#[test]
fn each_connection_starts_anew_and_what_is_resent_counts() {
    let mut pair = Pair::new(limited(10));
    fill(&mut pair, QoS::AtLeastOnce, 5);
    pair.detach(Cause::Closed);
    pair.connect(limited(2));
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
fn a_pubrel_of_an_earlier_connection_gives_nothing() {
    let mut pair = Pair::new(limited(2));
    fill(&mut pair, QoS::ExactlyOnce, 2);
    pair.acknowledge(AckKind::PubRec, 1);
    pair.detach(Cause::Closed);
    pair.connect(limited(1));
    let _ = pair.received();
    let _ = pair.push("new", QoS::AtLeastOnce);
    pair.acknowledge(AckKind::PubComp, 1);
    assert!(pair.published().is_empty(), "the resent PUBLISH holds the only one");
    pair.answer(AckKind::PubRec, 2, ReasonCode::UnspecifiedError);
    assert_eq!(pair.topics(), ["new"]);
}

#[test]
fn earlier_versions_are_bounded_by_our_own_limit() {
    let config = Config { inflight_max: 3, ..Config::default() };
    let mut pair = Pair::with(config, Connect::new(ProtocolVersion::V3_1_1, "client"));
    fill(&mut pair, QoS::AtLeastOnce, 5);
    assert_eq!(pair.published().len(), 3);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.published().len(), 1);
    assert_eq!(pair.session.inflight(), 3);
}
