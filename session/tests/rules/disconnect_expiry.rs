//! DISCONNECT may change the session expiry, but must not raise it from 0.

use std::time::Duration;

use tidegate_mqtt::{Disconnect, ReasonCode};
use tidegate_session::{Cause, Config, Violation};

use crate::pair::{SessionUnderTest, persistent_connect};

fn disconnect(expiry: Option<u32>) -> Disconnect {
    let mut disconnect = Disconnect::new(ReasonCode::Success);
    disconnect.session_expiry = expiry;
    disconnect
}

#[test]
fn a_disconnect_with_expiry_0_ends_the_session() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let cause = pair.connection.handle_disconnect(&disconnect(Some(0))).unwrap();
    assert!(pair.detach(cause).session_ended);
}

#[test]
fn a_new_session_expiry_counts_from_the_disconnect() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let cause = pair.connection.handle_disconnect(&disconnect(Some(5))).unwrap();
    assert!(!pair.detach(cause).session_ended);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(5)));
}

#[test]
fn a_disconnect_without_expiry_keeps_the_expiry_of_connect() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let cause = pair.connection.handle_disconnect(&disconnect(None)).unwrap();
    pair.detach(cause);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(3600)));
}

#[test]
fn the_expiry_of_disconnect_is_limited_like_that_of_connect() {
    let config = Config { session_expiry_max: 60, ..Config::default() };
    let mut pair = SessionUnderTest::with(config, persistent_connect());
    let cause = pair.connection.handle_disconnect(&disconnect(Some(u32::MAX))).unwrap();
    pair.detach(cause);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(60)));
}

#[test]
fn raising_the_expiry_from_0_is_a_protocol_error() {
    let mut connect = persistent_connect();
    connect.session_expiry = None;
    let mut pair = SessionUnderTest::new(connect);
    let violation = pair.connection.handle_disconnect(&disconnect(Some(5))).unwrap_err();
    assert_eq!(violation, Violation::ExpiryRaised);
    assert_eq!(violation.reason(), ReasonCode::ProtocolError);
    assert!(pair.detach(Cause::Violation).session_ended, "the session keeps the expiry of CONNECT");
}

#[test]
fn the_session_also_rejects_raising_the_expiry_from_0() {
    let mut connect = persistent_connect();
    connect.session_expiry = None;
    connect.will = Some(crate::will::will(0));
    let mut pair = SessionUnderTest::new(connect);
    let cause = Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(5) };
    let detached = pair.detach(cause);
    assert!(detached.session_ended);
    assert!(detached.will.is_some(), "no valid DISCONNECT, so the will is published");
}

#[test]
fn a_disconnect_with_expiry_0_is_allowed_if_connect_had_no_expiry() {
    let mut connect = persistent_connect();
    connect.session_expiry = None;
    connect.will = Some(crate::will::will(0));
    let mut pair = SessionUnderTest::new(connect);
    let cause = pair.connection.handle_disconnect(&disconnect(Some(0))).unwrap();
    let detached = pair.detach(cause);
    assert!(detached.session_ended);
    assert_eq!(detached.will, None, "a valid DISCONNECT deletes the will [MQTT5-3.14.4-3]");
}
