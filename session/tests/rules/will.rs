//! When the will is published and when it is deleted. [MQTT5-3.1.2-8] [MQTT5-3.1.2-10] [MQTT5-3.1.3-9] [MQTT5-3.14.4-3]
//! [MQTT3-3.1.2-8] [MQTT3-3.1.2-10]

use std::time::Duration;

use tidegate_mqtt::{Connect, ProtocolVersion, QoS, ReasonCode, Will, topic};
use tidegate_session::Cause;

use crate::pair::{SessionUnderTest, persistent_connect};

pub fn will(delay: u32) -> Will {
    let mut will = Will::new(topic::Name::parse("will").unwrap(), "gone", QoS::AtLeastOnce);
    will.delay = delay;
    will
}

fn with_will(delay: u32, expiry: u32) -> Connect {
    let mut connect = persistent_connect();
    connect.session_expiry = Some(expiry);
    connect.will = Some(will(delay));
    connect
}

const NORMAL_DISCONNECT: Cause = Cause::Disconnect { reason: ReasonCode::Success, session_expiry: None };
const DISCONNECT_WITH_WILL: Cause =
    Cause::Disconnect { reason: ReasonCode::DisconnectWithWill, session_expiry: None };
const DISCONNECT_WITH_ERROR: Cause =
    Cause::Disconnect { reason: ReasonCode::UnspecifiedError, session_expiry: None };

#[test]
fn only_a_normal_disconnect_deletes_the_will() {
    for cause in [
        DISCONNECT_WITH_WILL,
        DISCONNECT_WITH_ERROR,
        Cause::Closed,
        Cause::Violation,
        Cause::KeepAlive,
        Cause::Shutdown,
    ] {
        let mut pair = SessionUnderTest::new(with_will(0, 100));
        assert_eq!(pair.detach(cause).will, Some(will(0)), "{cause:?}");
    }
    let mut pair = SessionUnderTest::new(with_will(0, 100));
    assert_eq!(pair.detach(NORMAL_DISCONNECT).will, None);
    pair.advance(1000);
    assert_eq!(pair.session.handle_timeout(pair.now).will, None);
}

#[test]
fn the_will_of_a_closed_connection_is_published_once() {
    let mut pair = SessionUnderTest::new(with_will(0, 100));
    assert!(pair.detach(Cause::Closed).will.is_some());
    pair.connect(persistent_connect());
    assert!(pair.detach(Cause::Closed).will.is_none(), "the new connection has none");
}

#[test]
fn the_will_is_published_after_its_delay() {
    let mut pair = SessionUnderTest::new(with_will(5, 100));
    assert_eq!(pair.detach(Cause::Closed).will, None);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(5)));
    pair.advance(4);
    assert_eq!(pair.session.handle_timeout(pair.now).will, None);
    pair.advance(1);
    let due = pair.session.handle_timeout(pair.now);
    assert_eq!(due.will, Some(will(5)));
    assert!(!due.session_ended);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(95)));
}

#[test]
fn the_will_is_published_when_the_session_ends_before_the_delay() {
    let mut pair = SessionUnderTest::new(with_will(50, 5));
    assert_eq!(pair.detach(Cause::Closed).will, None);
    pair.advance(5);
    let due = pair.session.handle_timeout(pair.now);
    assert_eq!(due.will, Some(will(50)));
    assert!(due.session_ended);
}

#[test]
fn resuming_before_the_delay_ends_cancels_the_will() {
    let mut pair = SessionUnderTest::new(with_will(5, 100));
    pair.detach(Cause::Closed);
    pair.advance(4);
    assert_eq!(pair.connect(persistent_connect()).will, None);
    pair.advance(100);
    assert_eq!(pair.detach(Cause::Closed).will, None);
}

#[test]
fn resuming_after_the_delay_publishes_the_will_even_before_the_timer_ran() {
    let mut pair = SessionUnderTest::new(with_will(5, 100));
    pair.detach(Cause::Closed);
    pair.advance(5);
    let attached = pair.connect(persistent_connect());
    assert_eq!(attached.will, Some(will(5)));
    assert!(attached.session_present);
}

#[test]
fn clean_start_publishes_a_delayed_will() {
    let mut pair = SessionUnderTest::new(with_will(5, 100));
    pair.detach(Cause::Closed);
    let mut connect = persistent_connect();
    connect.clean_start = true;
    assert_eq!(pair.connect(connect).will, Some(will(5)));
}

#[test]
fn a_disconnect_that_ends_the_session_publishes_the_will_at_once() {
    let mut pair = SessionUnderTest::new(with_will(5, 100));
    let cause = Cause::Disconnect { reason: ReasonCode::DisconnectWithWill, session_expiry: Some(0) };
    assert_eq!(pair.detach(cause).will, Some(will(5)));
}

#[test]
fn before_mqtt_5_the_will_is_published_at_once() {
    for clean_start in [true, false] {
        let mut connect = Connect::new(ProtocolVersion::V3_1_1, "client");
        connect.clean_start = clean_start;
        connect.will = Some(will(0));
        let mut pair = SessionUnderTest::new(connect.clone());
        assert!(pair.connect(connect).will.is_some(), "takeover");
        assert!(pair.detach(Cause::KeepAlive).will.is_some());
    }
}
