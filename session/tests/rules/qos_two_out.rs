//! QoS 2 to the client: PUBREC, PUBREL, PUBCOMP. [MQTT5-4.3.3-3] [MQTT5-4.3.3-4] [MQTT5-4.3.3-5] [MQTT5-4.3.3-6]

use tidegate_mqtt::{Ack, AckKind, Packet, QoS, ReasonCode};
use tidegate_session::Cause;

use crate::pair::{SessionUnderTest, id, persistent_connect};

fn release(packet_id: u16, reason: ReasonCode) -> Packet {
    Packet::Ack(Ack::new(AckKind::PubRel, id(packet_id), reason))
}

#[test]
fn pubrec_is_answered_with_pubrel_and_pubcomp_completes_the_delivery() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::ExactlyOnce);
    assert_eq!(pair.summary(), [("a".to_owned(), 1, false)]);
    pair.acknowledge(AckKind::PubRec, 1);
    assert_eq!(pair.received(), [release(1, ReasonCode::Success)]);
    assert_eq!(pair.session.inflight(), 1);
    pair.acknowledge(AckKind::PubComp, 1);
    assert_eq!(pair.session.inflight(), 0);
}

#[test]
fn after_pubrec_only_pubrel_is_resent() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::ExactlyOnce);
    pair.acknowledge(AckKind::PubRec, 1);
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert_eq!(pair.received(), [release(1, ReasonCode::Success)]);
    pair.acknowledge(AckKind::PubRec, 1);
    assert_eq!(pair.received(), [release(1, ReasonCode::Success)], "a repeated PUBREC");
    pair.acknowledge(AckKind::PubComp, 1);
    assert_eq!(pair.session.inflight(), 0);
}

#[test]
fn before_pubrec_the_publish_is_resent() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::ExactlyOnce);
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert_eq!(pair.summary(), [("a".to_owned(), 1, true)]);
}

#[test]
fn a_pubrec_with_an_error_completes_the_delivery_without_pubrel() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::ExactlyOnce);
    let _ = pair.received();
    pair.answer(AckKind::PubRec, 1, ReasonCode::UnspecifiedError);
    assert!(pair.received().is_empty());
    assert_eq!(pair.session.inflight(), 0);
}

#[test]
fn a_pubrec_with_a_success_code_other_than_0_continues_the_exchange() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::ExactlyOnce);
    let _ = pair.received();
    pair.answer(AckKind::PubRec, 1, ReasonCode::NoMatchingSubscribers);
    assert_eq!(pair.received(), [release(1, ReasonCode::Success)]);
}

#[test]
fn a_pubrec_for_an_unknown_identifier_is_answered_with_0x92() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    pair.acknowledge(AckKind::PubRec, 9);
    assert_eq!(pair.received(), [release(9, ReasonCode::PacketIdentifierNotFound)], "[MQTT5-3.6.2-1]");
}
