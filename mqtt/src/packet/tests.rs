//! Tests of the server's replies and of rules for all packets.

use super::Packet;
use crate::error::{EncodeError, Fault};
use crate::frame::{self, Next};
use crate::{
    AckProperties, Auth, ConnAck, Disconnect, PacketId, ProtocolVersion, QoS, ReasonCode, SubAck, UnsubAck,
};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;

fn decode(bytes: &[u8], version: ProtocolVersion) -> Result<Packet, Fault> {
    match frame::next(bytes, version, 1000).map_err(|error| error.fault())? {
        Next::Frame(frame) => Packet::decode(&frame, version).map_err(|error| error.fault()),
        Next::Incomplete { .. } => unreachable!("the packet is complete"),
    }
}

fn encoded(packet: impl Into<Packet>, version: ProtocolVersion) -> Vec<u8> {
    let mut out = Vec::new();
    packet.into().encode(version, &mut out).unwrap();
    out
}

#[test]
fn pings_have_no_body() {
    for version in ProtocolVersion::ALL {
        assert_eq!(encoded(Packet::PingReq, version), [0xC0, 0]);
        assert_eq!(encoded(Packet::PingResp, version), [0xD0, 0]);
        assert_eq!(decode(&[0xC0, 0], version), Ok(Packet::PingReq));
        assert_eq!(decode(&[0xD0, 1, 0], version), Err(Fault::TrailingBytes));
    }
}

#[test]
fn connack_has_valid_flags_and_the_code_of_its_version() {
    assert_eq!(encoded(ConnAck::new(ReasonCode::Success, true), V5), [0x20, 3, 1, 0, 0]);
    assert_eq!(encoded(ConnAck::new(ReasonCode::Success, true), V3), [0x20, 2, 1, 0]);
    assert_eq!(encoded(ConnAck::new(ReasonCode::Success, true), ProtocolVersion::V3_1), [0x20, 2, 0, 0]);
    assert_eq!(encoded(ConnAck::new(ReasonCode::ClientIdentifierNotValid, false), V3), [0x20, 2, 0, 2]);
    assert_eq!(
        encoded(ConnAck::new(ReasonCode::UnsupportedProtocolVersion, false), V5),
        [0x20, 3, 0, 0x84, 0]
    );
    assert_eq!(decode(&[0x20, 2, 2, 0], V3), Err(Fault::ConnAckFlags));
    assert_eq!(decode(&[0x20, 2, 1, 5], V3), Err(Fault::SessionPresent));
    assert_eq!(decode(&[0x20, 3, 1, 0x87, 0], V5), Err(Fault::SessionPresent));
    assert_eq!(decode(&[0x20, 2, 0, 6], V3), Err(Fault::ReasonCode));
    assert_eq!(decode(&[0x20, 3, 0, 0x8E, 0], V5), Err(Fault::ReasonCode));
    let mut out = Vec::new();
    assert!(Packet::from(ConnAck::new(ReasonCode::Banned, true)).encode(V5, &mut out).is_err());
}

/// `[MQTT5-3.2.2-9]`: CONNACK cannot express a maximum QoS of 2.
#[test]
fn connack_omits_a_maximum_qos_of_2() {
    let with = |qos| encoded(ConnAck { qos_max: Some(qos), ..ConnAck::new(ReasonCode::Success, false) }, V5);
    assert_eq!(with(QoS::ExactlyOnce), [0x20, 3, 0, 0, 0]);
    assert_eq!(with(QoS::AtLeastOnce), [0x20, 5, 0, 0, 2, 0x24, 1]);
    assert_eq!(with(QoS::AtMostOnce), [0x20, 5, 0, 0, 2, 0x24, 0]);
}

#[test]
fn suback_carries_the_codes_of_its_protocol_version() {
    let reasons = vec![ReasonCode::GrantedQoS2, ReasonCode::TopicFilterInvalid, ReasonCode::Success];
    let suback = SubAck { packet_id: PacketId::new(0x0102).unwrap(), reasons, properties: None };
    assert_eq!(encoded(suback.clone(), V5), [0x90, 6, 1, 2, 0, 2, 0x8F, 0]);
    assert_eq!(encoded(suback.clone(), V3), [0x90, 5, 1, 2, 2, 0x80, 0]);
    assert_eq!(decode(&[0x90, 5, 1, 2, 2, 0x8F, 0], V3), Err(Fault::ReasonCode));
    assert_eq!(decode(&[0x90, 6, 1, 2, 0, 2, 0x11, 0], V5), Err(Fault::ReasonCode));
    assert_eq!(decode(&[0x90, 3, 1, 2, 0], V5), Err(Fault::NoReasonCodes));
    let none = Packet::from(SubAck { reasons: Vec::new(), ..suback });
    assert!(none.encode(V5, &mut Vec::new()).is_err());
}

#[test]
fn unsuback_has_reason_codes_only_in_mqtt_5() {
    let reasons = vec![ReasonCode::Success, ReasonCode::NoSubscriptionExisted];
    let unsuback = UnsubAck { packet_id: PacketId::MIN, reasons, properties: None };
    assert_eq!(encoded(unsuback.clone(), V5), [0xB0, 5, 0, 1, 0, 0, 0x11]);
    assert_eq!(encoded(unsuback, V3), [0xB0, 2, 0, 1]);
    assert_eq!(decode(&[0xB0, 3, 0, 1, 0], V3), Err(Fault::TrailingBytes));
    assert_eq!(decode(&[0xB0, 4, 0, 1, 0, 0x10], V5), Err(Fault::ReasonCode));
}

#[test]
fn disconnect_is_written_in_its_shortest_form() {
    assert_eq!(encoded(Disconnect::new(ReasonCode::Success), V5), [0xE0, 0]);
    assert_eq!(encoded(Disconnect::new(ReasonCode::SessionTakenOver), V5), [0xE0, 1, 0x8E]);
    assert_eq!(encoded(Disconnect::new(ReasonCode::SessionTakenOver), V3), [0xE0, 0]);
    let expiring = Disconnect { session_expiry: Some(9), ..Disconnect::new(ReasonCode::Success) };
    assert_eq!(encoded(expiring.clone(), V5), [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 9]);
    assert_eq!(decode(&[0xE0, 7, 0, 5, 0x11, 0, 0, 0, 9], V5), Ok(Packet::from(expiring)));
    assert_eq!(
        decode(&[0xE0, 2, 4, 0], V5),
        Ok(Packet::from(Disconnect::new(ReasonCode::DisconnectWithWill)))
    );
    assert_eq!(decode(&[0xE0, 1, 0x05], V5), Err(Fault::ReasonCode));
    assert_eq!(decode(&[0xE0, 1, 0], V3), Err(Fault::TrailingBytes));
    assert!(Packet::from(Disconnect::new(ReasonCode::Banned)).encode(V5, &mut Vec::new()).is_err());
}

#[test]
fn auth_exists_in_mqtt_5_only_and_names_its_method() {
    let auth = Auth::new(ReasonCode::ContinueAuthentication, "M", Some("d".into()));
    let wire = [0xF0, 10, 0x18, 8, 0x15, 0, 1, b'M', 0x16, 0, 1, b'd'];
    assert_eq!(encoded(auth.clone(), V5), wire);
    assert_eq!(decode(&wire, V5), Ok(Packet::from(auth.clone())));
    assert_eq!(decode(&wire, V3), Err(Fault::PacketType));
    assert_eq!(Packet::from(auth).encode(V3, &mut Vec::new()), Err(EncodeError::NotIn(V3)));
    assert!(matches!(decode(&[0xF0, 0], V5), Ok(Packet::Auth(Auth { reason: ReasonCode::Success, .. }))));
    assert_eq!(decode(&[0xF0, 2, 0x18, 0], V5), Err(Fault::AuthenticationMethodMissing));
    assert_eq!(decode(&[0xF0, 6, 0x17, 4, 0x15, 0, 1, b'M'], V5), Err(Fault::ReasonCode));
    assert_eq!(decode(&[0xF0, 1, 0x18], V5), Err(Fault::Truncated));
}

#[test]
fn reason_strings_and_user_properties_can_be_stripped() {
    let explained = AckProperties { reason_string: Some("why".into()), ..AckProperties::default() };
    let reasons = vec![ReasonCode::Success];
    let properties = Some(Box::new(explained));
    let packets = [
        Packet::from(SubAck {
            packet_id: PacketId::MIN,
            reasons: reasons.clone(),
            properties: properties.clone(),
        }),
        Packet::from(UnsubAck { packet_id: PacketId::MIN, reasons, properties }),
        Packet::from(ConnAck {
            reason_string: Some("why".into()),
            ..ConnAck::new(ReasonCode::Banned, false)
        }),
        Packet::from(Disconnect {
            reason_string: Some("why".into()),
            ..Disconnect::new(ReasonCode::ServerBusy)
        }),
        Packet::from(Auth { reason_string: Some("why".into()), ..Auth::new(ReasonCode::Success, "M", None) }),
    ];
    for mut packet in packets {
        let before = encoded(packet.clone(), V5).len();
        assert!(packet.strip_optional());
        assert!(!packet.strip_optional());
        assert!(encoded(packet.clone(), V5).len() <= before - 6, "{packet:?}");
    }
    let mut publish = crate::Publish::new("a", "");
    publish.properties.user_properties.push("n", "v");
    assert!(!Packet::from(publish).strip_optional(), "users' data is not diagnosis");
}
