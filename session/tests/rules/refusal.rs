//! The CONNACK of a refused CONNECT fits the protocol version and the client's Maximum Packet Size, or no CONNACK is
//! sent. [MQTT5-3.2.2-6] [MQTT3-3.2.2-4] [MQTT3-3.2.2-6] [MQTT3-3.1.4-1]

use std::sync::Arc;

use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Connect, ProtocolVersion, ReasonCode};
use tidegate_session::{Config, Handshake, Refusal, Step};

use ProtocolVersion::{V3_1_1, V5};

#[test]
fn every_refusal_of_an_mqtt_5_client_has_a_connack() {
    for reason in [ReasonCode::NotAuthorized, ReasonCode::QoSNotSupported, ReasonCode::Banned] {
        let (connack, version) = Refusal::new(V5, reason).connack().unwrap();
        assert_eq!((connack.reason, connack.session_present, version), (reason, false, V5));
    }
}

#[test]
fn before_mqtt_5_only_reasons_with_a_return_code_have_a_connack() {
    for (reason, answered) in [
        (ReasonCode::UnsupportedProtocolVersion, true),
        (ReasonCode::ClientIdentifierNotValid, true),
        (ReasonCode::ServerUnavailable, true),
        (ReasonCode::BadUserNameOrPassword, true),
        (ReasonCode::NotAuthorized, true),
        (ReasonCode::ServerBusy, true),
        (ReasonCode::QoSNotSupported, false),
        (ReasonCode::ProtocolError, false),
        (ReasonCode::MalformedPacket, false),
    ] {
        assert_eq!(Refusal::new(V3_1_1, reason).connack().is_some(), answered, "{reason:?}");
    }
}

#[test]
fn malformed_connects_get_the_connack_of_their_protocol_version() {
    let refusal = |bytes: &[u8]| {
        let Ok(Next::Frame(frame)) = frame::first(bytes, 1000) else { panic!() };
        Refusal::malformed(&Connect::decode(&frame).unwrap_err())
    };
    let five = refusal(b"\x10\x0b\x00\x04MQTT\x05\x03\x00\x00\x00");
    assert!(five.connack().is_some_and(|(connack, version)| connack.reason.is_error() && version == V5));
    let three = refusal(b"\x10\x0a\x00\x04MQTT\x04\x03\x00\x00");
    assert_eq!(three.connack(), None, "[MQTT3-3.1.4-1]");
    let unknown = refusal(b"\x10\x0c\x00\x04MQTT\x06\x02\x00\x00\x00\x00");
    let (connack, version) = unknown.connack().unwrap();
    assert_eq!(
        (connack.reason, version),
        (ReasonCode::UnsupportedProtocolVersion, V3_1_1),
        "[MQTT3-3.1.2-2]"
    );
}

#[test]
fn the_connack_respects_the_maximum_packet_size() {
    let config = Arc::new(Config { client_id_len_max: 1, ..Config::default() });
    for (size, answered) in [(4, false), (5, true)] {
        let mut connect = Connect::new(V5, "client");
        connect.packet_size_max = Some(size);
        let mut handshake = Handshake::new(Arc::clone(&config), None);
        let Step::Refuse(refusal) = handshake.handle_connect(connect, String::new) else { panic!() };
        assert_eq!(refusal.connack().is_some(), answered);
    }
}
