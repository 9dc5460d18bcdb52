//! DISCONNECT may change the session expiry, but not raise it from 0.

use std::time::Duration;

use tidegate_mqtt::{Disconnect, ReasonCode};
use tidegate_session::{Cause, Config, Violation};

use crate::pair::{Pair, lasting};

fn disconnect(expiry: Option<u32>) -> Disconnect {
    let mut disconnect = Disconnect::new(ReasonCode::Success);
    disconnect.session_expiry = expiry;
    disconnect
}

#[test]
fn zero_ends_the_session_at_once() {
    let mut pair = Pair::new(lasting());
    let cause = pair.connection.handle_disconnect(&disconnect(Some(0))).unwrap();
    assert!(pair.detach(cause).ended);
}

#[test]
fn another_value_counts_from_now() {
    let mut pair = Pair::new(lasting());
    let cause = pair.connection.handle_disconnect(&disconnect(Some(5))).unwrap();
    assert!(!pair.detach(cause).ended);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(5)));
}

#[test]
fn absence_keeps_the_value_of_connect() {
    let mut pair = Pair::new(lasting());
    let cause = pair.connection.handle_disconnect(&disconnect(None)).unwrap();
    pair.detach(cause);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(3600)));
}

#[test]
fn it_is_capped_as_in_connect() {
    let config = Config { session_expiry_max: 60, ..Config::default() };
    let mut pair = Pair::with(config, lasting());
    let cause = pair.connection.handle_disconnect(&disconnect(Some(u32::MAX))).unwrap();
    pair.detach(cause);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now + Duration::from_secs(60)));
}

#[test]
fn raising_it_from_zero_is_a_protocol_error() {
    let mut connect = lasting();
    connect.session_expiry = None;
    let mut pair = Pair::new(connect);
    let violation = pair.connection.handle_disconnect(&disconnect(Some(5))).unwrap_err();
    assert_eq!(violation, Violation::ExpiryRaised);
    assert_eq!(violation.reason(), ReasonCode::ProtocolError);
    assert!(pair.detach(Cause::Violation).ended, "the session ends as CONNECT said");
}

#[test]
fn raising_it_from_zero_does_not_pass_the_session_either() {
    let mut connect = lasting();
    connect.session_expiry = None;
    connect.will = Some(crate::will::will(0));
    let mut pair = Pair::new(connect);
    let cause = Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(5) };
    let detached = pair.detach(cause);
    assert!(detached.ended);
    assert!(detached.will.is_some(), "no valid DISCONNECT, so the will is published");
}

#[test]
fn zero_after_none_in_connect_raises_nothing() {
    let mut connect = lasting();
    connect.session_expiry = None;
    connect.will = Some(crate::will::will(0));
    let mut pair = Pair::new(connect);
    let cause = pair.connection.handle_disconnect(&disconnect(Some(0))).unwrap();
    let detached = pair.detach(cause);
    assert!(detached.ended);
    assert_eq!(detached.will, None, "a valid DISCONNECT deletes the will [MQTT5-3.14.4-3]");
}
