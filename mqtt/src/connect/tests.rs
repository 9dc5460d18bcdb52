//! Tests of CONNECT: its flags, its three protocol versions, and whether a CONNACK may answer an invalid CONNECT.

use super::{Connect, Will};
use crate::error::{DecodeError, Fault};
use crate::frame::{self, Next};
use crate::{Packet, ProtocolVersion, QoS, topic};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;
const V3_1: ProtocolVersion = ProtocolVersion::V3_1;

fn decode(body: &[u8]) -> Result<Connect, DecodeError> {
    let bytes = [&[0x10, u8::try_from(body.len()).unwrap()], body].concat();
    match frame::first(&bytes, 1000)? {
        Next::Frame(frame) => Connect::decode(&frame),
        Next::Incomplete { .. } => unreachable!("the packet is complete"),
    }
}

/// Returns the body of a CONNECT: protocol name, level, flags, keep alive 10, then `rest`.
fn body(version: ProtocolVersion, flags: u8, rest: &[u8]) -> Vec<u8> {
    let name = version.protocol_name().as_bytes();
    [&[0, u8::try_from(name.len()).unwrap()], name, &[version.level(), flags, 0, 10], rest].concat()
}

fn fault(version: ProtocolVersion, flags: u8, rest: &[u8]) -> Option<Fault> {
    decode(&body(version, flags, rest)).err().map(|error| error.fault())
}

fn encoded(connect: &Connect) -> Vec<u8> {
    let mut out = Vec::new();
    Packet::from(connect.clone()).encode(connect.version, &mut out).unwrap();
    out.split_off(2)
}

#[test]
fn the_smallest_connect_of_each_version_is_read_and_written() {
    for version in ProtocolVersion::ALL {
        let rest: &[u8] = if version.is_v5() { &[0, 0, 1, b'c'] } else { &[0, 1, b'c'] };
        let connect = decode(&body(version, 0x02, rest)).unwrap();
        assert_eq!(connect, Connect { keep_alive: 10, ..Connect::new(version, "c") });
        assert_eq!(encoded(&connect), body(version, 0x02, rest));
    }
}

#[test]
fn all_fields_of_a_connect_are_read_and_written_in_order() {
    let will = [&[0, 1, b't'][..], &[0, 2, 9, 8]].concat();
    let rest = [&[0, 1, b'c'][..], &will, &[0, 1, b'u'], &[0, 1, 0xFF]].concat();
    let connect = decode(&body(V3, 0xF4, &rest)).unwrap();
    let seen = connect.will.as_ref().unwrap();
    assert_eq!(
        (seen.topic.as_str(), &seen.payload[..], seen.qos, seen.retain),
        ("t", &[9, 8][..], QoS::ExactlyOnce, true)
    );
    assert_eq!((connect.user_name.as_deref(), connect.password.as_deref()), (Some("u"), Some(&[0xFF][..])));
    assert!(!connect.clean_start);
    assert_eq!(encoded(&connect), body(V3, 0xF4, &rest));
}

#[test]
fn properties_of_connect_and_will_are_read_and_written() {
    let properties = [
        &[0x11, 0, 0, 0, 7][..],
        &[0x21, 0, 8],
        &[0x27, 0, 0, 1, 0],
        &[0x22, 0, 9],
        &[0x19, 1],
        &[0x17, 0],
        &[0x15, 0, 1, b'M'],
        &[0x16, 0, 1, 0],
        &[0x26, 0, 1, b'n', 0, 1, b'v'],
    ]
    .concat();
    let will_properties =
        [&[0x18, 0, 0, 0, 3][..], &[0x02, 0, 0, 0, 4], &[0x01, 1], &[0x26, 0, 0, 0, 0]].concat();
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let will = [&[length(&will_properties)][..], &will_properties, &[0, 1, b't', 0, 0]].concat();
    let rest = [&[length(&properties)][..], &properties, &[0, 0], &will].concat();
    let connect = decode(&body(V5, 0x0E, &rest)).unwrap();
    assert_eq!((connect.session_expiry, connect.receive_maximum), (Some(7), Some(8)));
    assert_eq!((connect.packet_size_max, connect.topic_alias_maximum), (Some(256), Some(9)));
    assert!(connect.request_response_information && !connect.request_problem_information);
    assert_eq!(connect.authentication_method.as_deref(), Some("M"));
    assert_eq!(connect.authentication_data.as_deref(), Some(&[0][..]));
    assert_eq!(connect.user_properties.iter().collect::<Vec<_>>(), [("n", "v")]);
    let seen = connect.will.as_ref().unwrap();
    assert_eq!((seen.delay, seen.expiry, seen.qos), (3, Some(4), QoS::AtLeastOnce));
    assert_eq!(&seen.properties[..], [0x01, 1, 0x26, 0, 0, 0, 0]);
    assert_eq!(encoded(&connect), body(V5, 0x0E, &rest));
}

#[test]
fn contradictory_connect_flags_are_refused() {
    for version in ProtocolVersion::ALL {
        assert_eq!(fault(version, 0x03, &[]), Some(Fault::ConnectReserved), "{version}");
        assert_eq!(fault(version, 0x0A, &[]), Some(Fault::WillFlags));
        assert_eq!(fault(version, 0x12, &[]), Some(Fault::WillFlags));
        assert_eq!(fault(version, 0x22, &[]), Some(Fault::WillFlags));
        assert_eq!(fault(version, 0x1E, &[]), Some(Fault::WillQoS));
    }
    assert_eq!(fault(V3, 0x42, &[0, 1, b'c', 0, 1, b'p']), Some(Fault::PasswordAlone));
    assert_eq!(fault(V5, 0x42, &[0, 0, 1, b'c', 0, 1, b'p']), None);
}

#[test]
fn missing_fields_and_trailing_bytes_of_a_connect_are_refused() {
    for flags in [0x02, 0x06, 0x82, 0xC2] {
        assert_eq!(fault(V5, flags, &[0]), Some(Fault::Truncated), "{flags:#04x}: no client identifier");
    }
    for flags in [0x06, 0x82, 0xC2] {
        assert_eq!(fault(V5, flags, &[0, 0, 1, b'c']), Some(Fault::Truncated), "{flags:#04x}");
        assert_eq!(fault(V3, flags, &[0, 1, b'c']), Some(Fault::Truncated), "{flags:#04x}");
    }
    assert_eq!(fault(V5, 0x02, &[0, 0, 1, b'c', 0, 1, b'u']), Some(Fault::TrailingBytes));
    assert_eq!(fault(V3, 0x82, &[0, 1, b'c', 0, 1, b'u', 0, 1, b'p']), Some(Fault::TrailingBytes));
}

/// MQTT 3.1, section 3.1: the packet may end before the credentials that its flags announce.
#[test]
fn an_mqtt_3_1_connect_may_end_before_its_credentials() {
    assert_eq!(fault(V3_1, 0xC2, &[0, 1, b'c']), None);
    assert_eq!(fault(V3_1, 0xC2, &[0, 1, b'c', 0, 1, b'u']), None);
    assert_eq!(fault(V3_1, 0xC2, &[0, 1, b'c', 0, 5, b'u']), Some(Fault::Truncated));
}

#[test]
fn texts_and_will_topics_of_a_connect_are_checked() {
    assert_eq!(fault(V5, 0x02, &[0, 0, 1, 0xFF]), Some(Fault::TextEncoding));
    assert_eq!(fault(V3, 0x02, &[0, 1, 0]), Some(Fault::TextNul));
    assert_eq!(fault(V3, 0x82, &[0, 1, b'c', 0, 1, 0xC0]), Some(Fault::TextEncoding));
    for topic in [&b"\0\x01#"[..], b"\0\0"] {
        let rest = [&[0, 0, 1, b'c', 0][..], topic, &[0, 0]].concat();
        assert_eq!(fault(V5, 0x06, &rest), Some(Fault::WillTopic));
    }
    assert_eq!(fault(V5, 0x06, &[0, 0, 1, b'c', 0, 0, 1, 0, 0, 0]), Some(Fault::TextNul));
}

#[test]
fn authentication_data_needs_a_method() {
    assert_eq!(fault(V5, 0x02, &[4, 0x16, 0, 1, 0, 0, 0]), Some(Fault::AuthenticationMethodMissing));
}

/// Tests whether a CONNACK may answer an invalid CONNECT, and in which version: `[MQTT5-3.1.2-1]` `[MQTT5-3.1.2-2]`
/// `[MQTT3-3.1.2-2]` `[MQTT3-3.1.4-1]`.
#[test]
fn an_error_reports_the_version_of_the_connack_that_may_answer() {
    let answer = |bytes: &[u8]| {
        let error = decode(bytes).unwrap_err();
        (error.reason().value(), error.connack_version())
    };
    assert_eq!(answer(&body(V5, 0x03, &[])), (0x81, Some(V5)));
    assert_eq!(answer(&body(V3, 0x03, &[])), (0x81, None));
    assert_eq!(answer(&body(V3_1, 0x03, &[])), (0x81, None));
    assert_eq!(answer(&body(V5, 0x02, &[6, 0x21, 0, 1, 0x21, 0, 1, 0, 0])), (0x82, Some(V5)));
    for level in [0, 3, 6, 0x84] {
        assert_eq!(
            answer(&[0, 4, b'M', b'Q', b'T', b'T', level, 2, 0, 0]),
            (0x84, Some(V3)),
            "level {level}"
        );
    }
    assert_eq!(answer(b"\0\x06MQIsdp\x04\x02\0\0\0\0"), (0x84, Some(V3)));
    assert_eq!(answer(b"\0\x04MQTX\x05\x02\0\0\0\0\0"), (0x84, Some(V5)));
    assert_eq!(answer(b"\0\x04mqtt\x04\x02\0\0\0\0"), (0x84, None));
    assert_eq!(answer(b"\0\x04MQ"), (0x81, None));
}

#[test]
fn a_padded_length_is_an_error_in_mqtt_5_only() {
    let padded = |version: ProtocolVersion, rest: &[u8]| {
        let body = body(version, 2, rest);
        let bytes = [&[0x10, u8::try_from(body.len()).unwrap() | 0x80, 0], &body[..]].concat();
        let Next::Frame(frame) = frame::first(&bytes, 1000).unwrap() else {
            unreachable!("the packet is complete")
        };
        Connect::decode(&frame).map_err(|error| (error.fault(), error.connack_version()))
    };
    assert!(padded(V3, &[0, 1, b'c']).is_ok());
    assert_eq!(padded(V5, &[0, 0, 1, b'c']), Err((Fault::VariableLength, Some(V5))));
}

#[test]
fn debug_output_hides_secrets() {
    let mut connect = Connect::new(V5, "c");
    connect.password = Some("geheim".into());
    connect.authentication_method = Some("M".into());
    connect.authentication_data = Some("versteckt".into());
    connect.will = Some(Will::new(topic::Name::parse("t").unwrap(), "privat", QoS::AtMostOnce));
    let text = format!(
        "{connect:?} {:?}",
        crate::Auth::new(crate::ReasonCode::Success, "M", Some("versteckt".into()))
    );
    for secret in ["geheim", "versteckt", "privat"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("password: Some(<hidden>)"), "{text}");
}

#[test]
fn a_connect_that_the_protocol_forbids_is_not_written() {
    let refuse = |change: fn(&mut Connect)| {
        let mut connect = Connect::new(V5, "c");
        change(&mut connect);
        let mut out = vec![1];
        assert!(Packet::from(connect).encode(V5, &mut out).is_err());
        assert_eq!(out, [1]);
    };
    refuse(|connect| connect.receive_maximum = Some(0));
    refuse(|connect| connect.packet_size_max = Some(0));
    refuse(|connect| connect.authentication_data = Some("x".into()));
    refuse(|connect| connect.client_id = "a\0".into());
    refuse(|connect| connect.user_name = Some("x".repeat(65_536)));
    refuse(|connect| (connect.version, connect.password) = (V3, Some("x".into())));
}
