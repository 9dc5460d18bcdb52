//! The session expiry determines how long a session outlives its connection. [MQTT5-3.1.2-23] [MQTT5-4.1.0-2]
//! [MQTT3-3.1.2-4] [MQTT3-3.1.2-6]

use std::time::Duration;

use tidegate_mqtt::{Connect, ProtocolVersion, QoS};
use tidegate_session::{Cause, Config};

use crate::pair::{SessionUnderTest, persistent_connect};

fn connect_with_expiry(seconds: u32) -> Connect {
    let mut connect = persistent_connect();
    connect.session_expiry = Some(seconds);
    connect
}

#[test]
fn a_session_ends_when_its_expiry_has_passed() {
    let mut pair = SessionUnderTest::new(connect_with_expiry(2));
    let _ = pair.push("a", QoS::AtLeastOnce);
    assert_eq!(pair.session.poll_timeout(), None);
    assert!(!pair.detach(Cause::Closed).session_ended);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(2)));
    pair.advance(1);
    assert!(!pair.session.handle_timeout(pair.now).session_ended);
    pair.advance(1);
    assert!(pair.session.handle_timeout(pair.now).session_ended);
    assert_eq!(pair.session.poll_timeout(), None);
    assert!(!pair.connect(connect_with_expiry(2)).session_present);
    assert!(pair.published().is_empty());
}

#[test]
fn a_connect_in_time_resumes_the_session_and_restarts_the_expiry() {
    let mut pair = SessionUnderTest::new(connect_with_expiry(10));
    pair.detach(Cause::Closed);
    pair.advance(9);
    assert!(pair.connect(connect_with_expiry(10)).session_present);
    assert_eq!(pair.session.poll_timeout(), None);
    pair.detach(Cause::Closed);
    pair.advance(9);
    assert!(pair.connect(connect_with_expiry(10)).session_present);
}

#[test]
fn a_connect_after_expiry_does_not_resume_the_session_even_before_the_timer_ran() {
    let mut pair = SessionUnderTest::new(connect_with_expiry(10));
    let filter = tidegate_mqtt::topic::SubscriptionFilter::parse("a").unwrap();
    let options = tidegate_mqtt::SubscriptionOptions::with_qos(QoS::AtMostOnce);
    let _ = pair.session.subscribe(filter.clone(), options, None);
    pair.detach(Cause::Closed);
    pair.advance(10);
    let attached = pair.connect(connect_with_expiry(10));
    assert!(!attached.session_present);
    assert_eq!(attached.removed_subscriptions, [filter]);
}

#[test]
fn a_session_with_expiry_0_ends_with_the_connection() {
    let mut pair = SessionUnderTest::new(connect_with_expiry(0));
    assert!(pair.detach(Cause::Closed).session_ended);
    assert!(!pair.connect(connect_with_expiry(0)).session_present);
}

#[test]
fn the_largest_session_expiry_never_expires() {
    let mut pair = SessionUnderTest::new(connect_with_expiry(u32::MAX));
    pair.detach(Cause::Closed);
    assert_eq!(pair.session.poll_timeout(), None);
    pair.advance(1_000_000_000);
    assert!(!pair.session.handle_timeout(pair.now).session_ended);
    assert!(pair.connect(connect_with_expiry(u32::MAX)).session_present);
}

#[test]
fn the_configured_maximum_expiry_applies_to_every_protocol_version() {
    let config = || Config { session_expiry_max: 60, ..Config::default() };
    let mut three = Connect::new(ProtocolVersion::V3_1_1, "client");
    three.clean_start = false;
    for connect in [connect_with_expiry(u32::MAX), three] {
        let mut pair = SessionUnderTest::with(config(), connect);
        pair.detach(Cause::Closed);
        assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(60)));
    }
}

#[test]
fn a_new_connection_sets_a_new_session_expiry() {
    let mut pair = SessionUnderTest::new(connect_with_expiry(100));
    pair.detach(Cause::Closed);
    pair.connect(connect_with_expiry(0));
    assert!(pair.detach(Cause::Closed).session_ended);
}

#[test]
fn the_subscriptions_of_an_ended_session_can_still_be_read() {
    let mut pair = SessionUnderTest::new(connect_with_expiry(0));
    let filter = tidegate_mqtt::topic::SubscriptionFilter::parse("a").unwrap();
    let options = tidegate_mqtt::SubscriptionOptions::with_qos(QoS::AtMostOnce);
    let _ = pair.session.subscribe(filter.clone(), options, None);
    assert!(pair.detach(Cause::Closed).session_ended);
    assert_eq!(pair.session.subscriptions().map(|(filter, _)| filter).collect::<Vec<_>>(), [filter]);
    assert!(!pair.connect(persistent_connect()).session_present);
    assert_eq!(pair.session.subscriptions().count(), 0);
}
