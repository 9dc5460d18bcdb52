//! QoS 1 to the client: sent with a free packet identifier and DUP 0, in flight until PUBACK. [MQTT5-4.3.2-1]
//! [MQTT5-4.3.2-2] [MQTT5-4.3.2-3] [MQTT5-2.2.1-4] [MQTT3-2.3.1-4]

use tidegate_mqtt::{AckKind, QoS, ReasonCode};
use tidegate_session::{Cause, Verdict};

use crate::pair::{SessionUnderTest, persistent_connect};

#[test]
fn a_message_is_sent_once_and_completed_by_puback() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    assert_eq!(pair.push("a", QoS::AtLeastOnce), Verdict::Sent);
    assert_eq!(pair.summary(), [("a".to_owned(), 1, false)]);
    assert_eq!(pair.session.inflight(), 1);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.session.inflight(), 0);
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert!(pair.published().is_empty());
}

#[test]
fn a_message_is_resent_with_its_identifier_and_dup_only_on_resume() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtLeastOnce);
    assert_eq!(pair.summary().len(), 1);
    pair.advance(600);
    pair.session.send_waiting(pair.now);
    assert!(pair.published().is_empty(), "[MQTT5-4.4.0-1]: never on an open connection");
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert_eq!(pair.summary(), [("a".to_owned(), 1, true)]);
}

#[test]
fn a_puback_with_an_error_also_completes_the_delivery() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.answer(AckKind::PubAck, 1, ReasonCode::NotAuthorized);
    assert_eq!(pair.session.inflight(), 0, "[MQTT5-4.4.0-2]");
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert!(!pair.published().iter().any(|publish| publish.dup));
}

#[test]
fn packet_identifiers_wrap_around_and_skip_open_identifiers() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("open", QoS::AtLeastOnce);
    for round in 0..70_000u32 {
        assert_eq!(pair.push("a", QoS::AtLeastOnce), Verdict::Sent, "round {round}");
        let mut published = pair.published();
        let publish = published.pop().unwrap();
        let id = publish.packet_id.unwrap().get();
        assert_ne!((id, publish.topic.as_str()), (1, "a"));
        pair.acknowledge(AckKind::PubAck, id);
    }
    assert_eq!(pair.session.inflight(), 1);
    pair.acknowledge(AckKind::PubAck, 1);
    assert_eq!(pair.session.inflight(), 0);
}
