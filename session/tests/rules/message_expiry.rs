//! A message expires only until it is first sent; PUBLISH carries the remaining expiry interval. [MQTT5-3.3.2-5]
//! [MQTT5-3.3.2-6] [MQTT5-4.3.3-7]

use std::time::Duration;

use tidegate_mqtt::{AckKind, QoS};
use tidegate_session::{Cause, DropReason, Verdict};

use crate::pair::{SessionUnderTest, message, persistent_connect};

#[test]
fn the_expiry_interval_is_reduced_by_the_time_in_the_queue() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    pair.detach(Cause::Closed);
    let queued = message("a", b"", Some(pair.now + Duration::from_secs(60)));
    assert_eq!(pair.push_message(&queued, QoS::AtLeastOnce), Verdict::Queued);
    pair.advance(20);
    pair.connect(persistent_connect());
    assert_eq!(pair.published()[0].properties.expiry, Some(40));
}

#[test]
fn an_expired_message_is_dropped_on_every_path() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let expired = message("a", b"", Some(pair.now));
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        assert_eq!(pair.push_message(&expired, qos), Verdict::Dropped(DropReason::Expired));
    }
    pair.detach(Cause::Closed);
    let soon = message("a", b"", Some(pair.now + Duration::from_secs(2)));
    assert_eq!(pair.push_message(&soon, QoS::AtLeastOnce), Verdict::Queued);
    let _ = pair.push("b", QoS::AtLeastOnce);
    pair.advance(2);
    pair.connect(persistent_connect());
    assert_eq!(pair.topics(), ["b"]);
    assert_eq!(pair.session.take_drops().expired, 4);
    assert_eq!(pair.session.inflight(), 1);
}

#[test]
fn a_message_that_was_sent_no_longer_expires() {
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce] {
        let mut pair = SessionUnderTest::new(persistent_connect());
        let soon = message("a", b"", Some(pair.now + Duration::from_secs(2)));
        let _ = pair.push_message(&soon, qos);
        assert_eq!(pair.published()[0].properties.expiry, Some(2));
        pair.detach(Cause::Closed);
        pair.advance(10);
        pair.connect(persistent_connect());
        assert_eq!(pair.summary(), [("a".to_owned(), 1, true)]);
        if qos == QoS::ExactlyOnce {
            pair.acknowledge(AckKind::PubRec, 1);
            assert_eq!(pair.received().len(), 1);
        }
    }
}

#[test]
fn sweeping_drops_expired_messages_of_a_session_without_a_connection() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    pair.detach(Cause::Closed);
    for seconds in [5, 50] {
        let queued = message("a", b"", Some(pair.now + Duration::from_secs(seconds)));
        let _ = pair.push_message(&queued, QoS::AtLeastOnce);
    }
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.advance(4);
    pair.session.sweep(pair.now);
    assert_eq!(pair.session.queued(), 3);
    pair.advance(1);
    pair.session.sweep(pair.now);
    assert_eq!(pair.session.queued(), 2);
    pair.advance(100);
    pair.session.sweep(pair.now);
    assert_eq!(pair.session.queued(), 1);
    assert_eq!(pair.session.take_drops().expired, 2);
}
