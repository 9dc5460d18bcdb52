//! A second connection takes the session over; the first can change nothing any more. [MQTT5-3.1.4-3]
//! [MQTT3-3.1.4-2]

use std::sync::Arc;

use tidegate_mqtt::{Connect, ProtocolVersion, QoS, ReasonCode};
use tidegate_session::{Cause, Session};

use crate::pair::{Pair, lasting};

#[test]
fn the_later_epoch_wins() {
    let mut pair = Pair::new(lasting());
    let former = pair.epoch;
    let attached = pair.connect(lasting());
    assert!(attached.was_attached);
    assert!(attached.session_present);
    assert!(attached.epoch > former);
    assert!(pair.session.detach(former, Cause::Closed, pair.now).is_none());
    assert!(pair.session.is_attached());
}

#[test]
fn what_was_open_goes_on_at_the_new_connection() {
    let mut pair = Pair::new(lasting());
    let _ = pair.push("a", QoS::AtLeastOnce);
    pair.connect(lasting());
    assert_eq!(pair.summary(), [("a".to_owned(), 1, true)]);
}

#[test]
fn a_session_without_expiry_ends_with_the_former_connection() {
    let mut pair = Pair::new(Connect::new(ProtocolVersion::V3_1_1, "client"));
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
fn clean_start_empties_everything() {
    let mut pair = Pair::new(lasting());
    let filter = tidegate_mqtt::topic::SubscriptionFilter::parse("a/#").unwrap();
    let options = tidegate_mqtt::SubscriptionOptions::of(QoS::AtLeastOnce);
    assert_eq!(pair.session.subscribe(filter.clone(), options, None), Ok(false));
    let _ = pair.push("a", QoS::AtLeastOnce);
    let _ = pair.session.receive(crate::pair::id(3));
    let mut connect = lasting();
    connect.clean_start = true;
    let attached = pair.connect(connect);
    assert!(!attached.session_present, "[MQTT5-3.2.2-2]");
    assert_eq!(attached.removed, [filter]);
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(pair.session.subscriptions().count(), 0);
    assert_eq!(pair.session.receive(crate::pair::id(3)), Ok(tidegate_session::Received::New));
    assert!(pair.published().is_empty());
}

#[test]
fn a_session_begins_without_a_connection() {
    let session = Session::new(77, Arc::default());
    assert_eq!((session.id(), session.epoch(), session.version()), (77, 0, None));
    assert!(!session.is_attached());
    assert!(!session.has_room());
}

#[test]
fn the_epoch_is_that_of_the_last_connection() {
    let mut pair = Pair::new(lasting());
    assert_eq!(pair.session.epoch(), pair.epoch);
    for _ in 0..3 {
        let former = pair.epoch;
        pair.connect(lasting());
        assert_ne!(pair.epoch, former);
        assert_eq!(pair.session.epoch(), pair.epoch);
    }
}

#[test]
fn a_connection_ends_once() {
    let mut connect = lasting();
    connect.will = Some(crate::will::will(5));
    let mut pair = Pair::new(connect);
    pair.detach(Cause::Closed);
    let due = pair.session.poll_timeout();
    pair.advance(1);
    let clean = Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(0) };
    assert!(pair.session.detach(pair.epoch, clean, pair.now).is_none());
    assert_eq!(pair.session.poll_timeout(), due);
}
