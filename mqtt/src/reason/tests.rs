//! Tests of the table of reason codes.

use super::ReasonCode;
use crate::property::PacketContext;

fn codes_of(context: PacketContext) -> Vec<u8> {
    ReasonCode::ALL.iter().filter(|code| code.may_appear_in(context)).map(|code| code.value()).collect()
}

#[test]
fn every_byte_is_a_reason_code_or_refused() {
    let known: Vec<u8> = (0..=255).filter(|value| ReasonCode::try_from(*value).is_ok()).collect();
    let listed: Vec<u8> = ReasonCode::ALL.iter().map(|code| code.value()).collect();
    assert_eq!(known, listed);
    assert_eq!(listed.len(), 43);
    for code in ReasonCode::ALL {
        assert_eq!(ReasonCode::try_from(code.value()), Ok(*code));
        assert_eq!(code.is_error(), code.value() >= 0x80);
    }
}

#[test]
fn each_packet_may_carry_the_reason_codes_of_the_specification() {
    let connack = [
        0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99,
        0x9A, 0x9B, 0x9C, 0x9D, 0x9F,
    ];
    assert_eq!(codes_of(PacketContext::ConnAck), connack);
    let publish = [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    assert_eq!(codes_of(PacketContext::PubAck), publish);
    assert_eq!(codes_of(PacketContext::PubRec), publish);
    assert_eq!(codes_of(PacketContext::PubRel), [0x00, 0x92]);
    assert_eq!(codes_of(PacketContext::PubComp), [0x00, 0x92]);
    let suback = [0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2];
    assert_eq!(codes_of(PacketContext::SubAck), suback);
    assert_eq!(codes_of(PacketContext::UnsubAck), [0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91]);
    assert_eq!(codes_of(PacketContext::Auth), [0x00, 0x18, 0x19]);
    let disconnect = [
        0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95,
        0x96, 0x97, 0x98, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
    ];
    assert_eq!(codes_of(PacketContext::Disconnect), disconnect);
}

#[test]
fn return_codes_of_mqtt_3_map_both_ways() {
    for code in 0..=5 {
        assert_eq!(
            ReasonCode::from_connect_return_code(code).map(ReasonCode::connect_return_code),
            Some(code)
        );
    }
    assert_eq!(ReasonCode::from_connect_return_code(6), None);
    assert_eq!(ReasonCode::ServerBusy.connect_return_code(), 3);
    assert_eq!(ReasonCode::BadAuthenticationMethod.connect_return_code(), 5);
}
