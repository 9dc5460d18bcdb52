//! QoS 2 from the client: each packet identifier is delivered once until PUBREL, and the client must respect the
//! broker's Receive Maximum. [MQTT5-4.3.3-9] [MQTT5-4.3.3-10] [MQTT5-4.3.3-11] [MQTT5-4.3.3-12] [MQTT5-3.3.4-7]

use tidegate_mqtt::{Connect, ProtocolVersion, ReasonCode};
use tidegate_session::{Cause, Config, Received, Violation};

use crate::pair::{SessionUnderTest, id, persistent_connect};

fn pair_with_maximum(receive_maximum: u16) -> SessionUnderTest {
    SessionUnderTest::with(Config { receive_maximum, ..Config::default() }, persistent_connect())
}

#[test]
fn repeated_publishes_are_distinguished_from_new_messages() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    assert_eq!(pair.session.receive(id(5)), Ok(Received::New));
    assert_eq!(pair.session.receive(id(5)), Ok(Received::Repeat));
    assert_eq!(pair.session.receive(id(5)), Ok(Received::Repeat));
    assert_eq!(pair.session.release(id(5)), ReasonCode::Success);
    assert_eq!(pair.session.release(id(5)), ReasonCode::PacketIdentifierNotFound);
    assert_eq!(pair.session.receive(id(5)), Ok(Received::New));
}

#[test]
fn a_publish_repeated_on_the_next_connection_is_recognised() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    assert_eq!(pair.session.receive(id(5)), Ok(Received::New));
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert_eq!(pair.session.receive(id(5)), Ok(Received::Repeat));
}

#[test]
fn a_refused_message_frees_its_identifier() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    assert_eq!(pair.session.receive(id(5)), Ok(Received::New));
    let _ = pair.session.release(id(5));
    assert_eq!(pair.session.receive(id(5)), Ok(Received::New), "[MQTT5-4.3.3-9]");
}

#[test]
fn exceeding_the_receive_maximum_is_a_violation() {
    let mut pair = pair_with_maximum(2);
    assert!(pair.session.receive(id(1)).is_ok());
    assert!(pair.session.withhold_puback().is_ok());
    assert_eq!(
        pair.session.receive(id(1)),
        Ok(Received::Repeat),
        "a repeat does not count as another message"
    );
    let violation = pair.session.receive(id(3)).unwrap_err();
    assert_eq!(violation, Violation::ReceiveMaximumExceeded);
    assert_eq!(violation.reason(), ReasonCode::ReceiveMaximumExceeded);
    pair.session.puback_sent();
    assert!(pair.session.receive(id(3)).is_ok());
    assert_eq!(pair.session.release(id(1)), ReasonCode::Success);
    assert!(pair.session.receive(id(4)).is_ok());
}

#[test]
fn each_connection_starts_with_the_full_receive_maximum() {
    let mut pair = pair_with_maximum(1);
    assert!(pair.session.receive(id(1)).is_ok());
    pair.detach(Cause::Closed);
    pair.connect(persistent_connect());
    assert!(pair.session.receive(id(2)).is_ok());
    assert!(pair.session.receive(id(1)).is_err(), "the repeat counts on this connection");
    assert_eq!(
        pair.session.release(id(1)),
        ReasonCode::Success,
        "it was not counted on this connection, so it gives no quota back"
    );
    assert!(pair.session.receive(id(3)).is_err());
}

#[test]
fn clients_before_mqtt_5_have_no_receive_maximum() {
    let config = Config { receive_maximum: 1, ..Config::default() };
    let mut pair = SessionUnderTest::with(config, Connect::new(ProtocolVersion::V3_1_1, "client"));
    for value in 1..100 {
        assert_eq!(pair.session.receive(id(value)), Ok(Received::New));
    }
}

/// [`Session::recognise`] records no identifier. Messages that are not recorded yet count against the Receive Maximum.
///
/// [`Session::recognise`]: tidegate_session::Session::recognise
#[test]
fn recognise_reports_new_and_repeated_publishes_without_recording_them() {
    let mut pair = pair_with_maximum(2);
    assert_eq!(pair.session.recognise(id(1), 0), Ok(Received::New));
    assert_eq!(pair.session.recognise(id(1), 1), Ok(Received::New), "it was not recorded");
    assert_eq!(pair.session.recognise(id(1), 2), Err(Violation::ReceiveMaximumExceeded));
    assert_eq!(pair.session.receive(id(1)), Ok(Received::New));
    assert_eq!(pair.session.recognise(id(1), 1), Ok(Received::Repeat));
    assert_eq!(pair.session.recognise(id(2), 0), Ok(Received::New));
    assert_eq!(pair.session.recognise(id(2), 1), Err(Violation::ReceiveMaximumExceeded));
}
