//! Tests of the four acknowledgements.

use super::{Ack, AckKind, AckProperties};
use crate::error::Fault;
use crate::frame::{self, Next};
use crate::{PacketId, ProtocolVersion, ReasonCode, UserProperties};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;

fn parse(bytes: &[u8], version: ProtocolVersion) -> Result<Ack, Fault> {
    match frame::next(bytes, version, 1000).map_err(|error| error.fault())? {
        Next::Frame(frame) => Ack::parse(&frame, version).map_err(|error| error.fault()),
        Next::Incomplete { .. } => unreachable!("the packet is complete"),
    }
}

fn encoded(ack: &Ack, version: ProtocolVersion) -> Vec<u8> {
    let mut out = Vec::new();
    ack.encode(version, &mut out);
    out
}

#[test]
fn each_acknowledgement_has_its_first_byte_and_short_form() {
    for (kind, first) in AckKind::ALL.into_iter().zip([0x40, 0x50, 0x62, 0x70]) {
        let ack = Ack::new(kind, PacketId::new(0x1234).unwrap(), ReasonCode::Success);
        for version in ProtocolVersion::ALL {
            assert_eq!(encoded(&ack, version), [first, 2, 0x12, 0x34]);
            assert_eq!(parse(&[first, 2, 0x12, 0x34], version), Ok(ack.clone()));
        }
        assert_eq!(parse(&[first, 3, 0x12, 0x34, 0], V5), Ok(ack.clone()));
        assert_eq!(parse(&[first, 4, 0x12, 0x34, 0, 0], V5), Ok(ack.clone()));
        assert_eq!(parse(&[first, 3, 0x12, 0x34, 0], V3), Err(Fault::TrailingBytes));
        assert_eq!(parse(&[first, 2, 0, 0], V5), Err(Fault::PacketIdZero));
        assert_eq!(parse(&[first, 1, 1], V5), Err(Fault::Truncated));
        assert_eq!(parse(&[first, 5, 0x12, 0x34, 0, 0, 0], V5), Err(Fault::TrailingBytes));
    }
}

#[test]
fn only_reason_codes_listed_for_the_packet_are_accepted() {
    let reason = |first: u8, reason| parse(&[first, 3, 0, 1, reason], V5).map(|ack| ack.reason);
    assert_eq!(reason(0x40, 0x97), Ok(ReasonCode::QuotaExceeded));
    assert_eq!(reason(0x62, 0x92), Ok(ReasonCode::PacketIdentifierNotFound));
    for (first, byte) in [(0x40, 0x92), (0x50, 0x93), (0x62, 0x10), (0x70, 0x80), (0x40, 0x05)] {
        assert_eq!(reason(first, byte), Err(Fault::ReasonCode), "{first:#04x} {byte:#04x}");
    }
}

#[test]
fn properties_and_reason_codes_are_written_in_mqtt_5_only() {
    let id = PacketId::new(1).unwrap();
    let mut ack = Ack::new(AckKind::PubRec, id, ReasonCode::NotAuthorized);
    assert_eq!(encoded(&ack, V5), [0x50, 3, 0, 1, 0x87]);
    assert_eq!(encoded(&ack, V3), [0x50, 2, 0, 1]);
    let mut user_properties = UserProperties::new();
    user_properties.push("n", "v");
    ack.properties = Some(Box::new(AckProperties { reason_string: Some("no".into()), user_properties }));
    let wire = [0x50, 16, 0, 1, 0x87, 12, 0x1F, 0, 2, b'n', b'o', 0x26, 0, 1, b'n', 0, 1, b'v'];
    assert_eq!(encoded(&ack, V5), wire);
    assert_eq!(parse(&wire, V5), Ok(ack.clone()));
    assert_eq!(encoded(&ack, V3), [0x50, 2, 0, 1]);
    let mut packet = crate::Packet::from(ack);
    assert!(packet.strip_optional() && !packet.strip_optional());
    let mut out = Vec::new();
    packet.encode(V5, &mut out).unwrap();
    assert_eq!(out, [0x50, 3, 0, 1, 0x87]);
}

#[test]
fn an_invalid_reason_string_is_omitted_or_reported() {
    let mut ack = Ack::new(AckKind::PubAck, PacketId::MIN, ReasonCode::QuotaExceeded);
    let properties = AckProperties { reason_string: Some("x".repeat(65_536)), ..AckProperties::default() };
    ack.properties = Some(Box::new(properties));
    assert_eq!(encoded(&ack, V5), [0x40, 3, 0, 1, 0x97]);
    let mut out = vec![9];
    assert!(ack.try_encode(V5, &mut out).is_err());
    assert_eq!(out, [9]);
    let wrong = Ack::new(AckKind::PubRel, PacketId::MIN, ReasonCode::Banned);
    assert!(wrong.try_encode(V5, &mut out).is_err());
}
