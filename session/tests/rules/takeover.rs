//! A second connection takes the session over; the first connection can no longer change the session. [MQTT5-3.1.4-3]
//! [MQTT3-3.1.4-2]

use std::sync::Arc;

use tidegate_mqtt::{Connect, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Cause, Session};

use crate::pair::{SessionUnderTest, persistent_connect};

#[test]
fn the_latest_connection_owns_the_session() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let earlier = pair.epoch;
    let attached = pair.connect(persistent_connect());
    assert!(attached.was_attached);
    assert!(attached.session_present);
    assert!(attached.epoch > earlier);
    assert!(pair.session.detach(earlier, Cause::Closed, pair.now).is_none());
    assert!(pair.session.is_attached());
}

#[test]
fn unacknowledged_messages_are_resent_to_the_new_connection() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.connect(persistent_connect());
    assert_eq!(pair.summary(), [("a".to_owned(), 1, true)]);
}

#[test]
fn a_session_without_expiry_ends_with_the_earlier_connection() {
    let mut pair = SessionUnderTest::new(Connect::new(ProtocolVersion::V3_1_1, "client"));
    let _ = pair.push("a", QoS::AtLeastOnce);
    let mut connect = Connect::new(ProtocolVersion::V3_1_1, "client");
    connect.clean_start = false;
    let attached = pair.connect(connect);
    assert!(attached.was_attached);
    assert!(!attached.session_present, "[MQTT3-3.1.2-6]: state of a clean session is not reused");
    assert!(pair.published().is_empty());
    assert_eq!(pair.session.take_drops().ended, 1);
}

#[test]
fn clean_start_discards_the_whole_state() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let filter = tidegate_mqtt::topic::SubscriptionFilter::parse("a/#").unwrap();
    let options = tidegate_mqtt::SubscriptionOptions::with_qos(QoS::AtLeastOnce);
    assert_eq!(pair.session.subscribe(filter.clone(), options, None), Ok(false));
    let _ = pair.push("a", QoS::AtLeastOnce);
    let _ = pair.session.receive(crate::pair::id(3));
    let mut connect = persistent_connect();
    connect.clean_start = true;
    let attached = pair.connect(connect);
    assert!(!attached.session_present, "[MQTT5-3.2.2-2]");
    assert_eq!(attached.removed_subscriptions, [filter]);
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(pair.session.subscriptions().count(), 0);
    assert_eq!(pair.session.receive(crate::pair::id(3)), Ok(tidegate_session::Received::New));
    assert!(pair.published().is_empty());
}

#[test]
fn a_new_session_has_no_connection() {
    let session = Session::new(77, Arc::default());
    assert_eq!((session.id(), session.epoch(), session.version()), (77, 0, None));
    assert!(!session.is_attached());
    assert!(!session.has_room());
}

#[test]
fn the_session_has_the_epoch_of_the_latest_connection() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    assert_eq!(pair.session.epoch(), pair.epoch);
    for _ in 0..3 {
        let earlier = pair.epoch;
        pair.connect(persistent_connect());
        assert_ne!(pair.epoch, earlier);
        assert_eq!(pair.session.epoch(), pair.epoch);
    }
}

#[test]
fn a_connection_is_detached_only_once() {
    let mut connect = persistent_connect();
    connect.will = Some(crate::will::will(5));
    let mut pair = SessionUnderTest::new(connect);
    pair.detach(Cause::Closed);
    let due = pair.session.poll_timeout();
    pair.advance(1);
    let clean = Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(0) };
    assert!(pair.session.detach(pair.epoch, clean, pair.now).is_none());
    assert_eq!(pair.session.poll_timeout(), due);
}
