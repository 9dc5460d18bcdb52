//! Tests of the fixed header.

use super::{Frame, Next, PACKET_SIZE_MAX, PacketType, first, next};
use crate::error::Fault;
use crate::{ProtocolVersion, ReasonCode};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;

fn fault(bytes: &[u8], version: ProtocolVersion) -> Option<Fault> {
    next(bytes, version, 1000).err().map(|error| error.fault())
}

#[test]
fn one_frame_is_split_off_and_the_remaining_bytes_stay() {
    let bytes = [0x30, 4, 0, 1, 0x61, 0, 0xC0, 0];
    let frame = Frame { packet_type: PacketType::Publish, flags: 0, body: &bytes[2..6], wire: &bytes[..6] };
    assert_eq!(next(&bytes, V5, 1000), Ok(Next::Frame(frame)));
    assert!(!frame.is_padded());
}

#[test]
fn an_incomplete_frame_reports_its_size_once_it_is_known() {
    assert_eq!(next(&[], V5, 9), Ok(Next::Incomplete { size: None }));
    assert_eq!(next(&[0x30], V5, 9), Ok(Next::Incomplete { size: None }));
    assert_eq!(next(&[0x30, 0x80], V5, 9), Ok(Next::Incomplete { size: None }));
    assert_eq!(next(&[0x30, 4], V5, 9), Ok(Next::Incomplete { size: Some(6) }));
    assert_eq!(next(&[0x30, 4, 0, 1, 9], V5, 9), Ok(Next::Incomplete { size: Some(6) }));
    let huge = [0x30, 0xFF, 0xFF, 0xFF, 0x7F];
    assert_eq!(next(&huge, V5, PACKET_SIZE_MAX), Ok(Next::Incomplete { size: Some(268_435_460) }));
}

#[test]
fn the_size_limit_counts_the_whole_packet_and_needs_only_the_header() {
    for (length, size) in [(&[10][..], 12), (&[0xC8, 0x01], 203)] {
        let bytes = [&[0x30], length].concat();
        assert_eq!(next(&bytes, V5, size), Ok(Next::Incomplete { size: Some(size as usize) }));
        let error = next(&bytes, V5, size - 1).unwrap_err();
        assert_eq!((error.fault(), error.reason()), (Fault::PacketTooLarge, ReasonCode::PacketTooLarge));
        assert_eq!(error.statement(), "MQTT5-3.2.2-15");
    }
}

/// Returns whether the header flags are valid for a packet type, as section 2.1 of the specifications states.
fn are_valid_flags(kind: u8, flags: u8, version: ProtocolVersion) -> bool {
    match kind {
        0 => false,
        3 => flags & 0b0110 != 0b0110 && flags & 0b1110 != 0b1000,
        6 | 8 | 10 => flags == 2 || (flags == 10 && version == ProtocolVersion::V3_1),
        15 => flags == 0 && version == V5,
        _ => flags == 0,
    }
}

#[test]
fn only_the_header_flags_of_the_specification_are_accepted() {
    for byte in 0..=255_u8 {
        for version in ProtocolVersion::ALL {
            let right = are_valid_flags(byte >> 4, byte & 0x0F, version);
            assert_eq!(fault(&[byte, 0], version).is_none(), right, "{byte:#04x} in {version}");
        }
    }
}

#[test]
fn each_kind_of_wrong_header_flags_has_its_own_fault() {
    assert_eq!(fault(&[0x00], V5), Some(Fault::PacketType));
    assert_eq!(fault(&[0xF0], V3), Some(Fault::PacketType));
    assert_eq!(fault(&[0x36], V5), Some(Fault::PublishQoS));
    assert_eq!(fault(&[0x38], V5), Some(Fault::PublishDup));
    assert_eq!(fault(&[0x60], V5), Some(Fault::HeaderFlags));
}

#[test]
fn lengths_have_at_most_four_bytes_and_no_padding_in_mqtt_5() {
    for version in ProtocolVersion::ALL {
        assert_eq!(fault(&[0xC0, 0x80, 0x80, 0x80, 0x80], version), Some(Fault::VariableLength));
    }
    assert_eq!(fault(&[0xC0, 0x80, 0x00], V5), Some(Fault::VariableLength));
    // MQTT 3.1.1 does not require the shortest encoding of a length.
    let Ok(Next::Frame(frame)) = next(&[0xC0, 0x80, 0x00], V3, 9) else { unreachable!("padded PINGREQ") };
    assert!(frame.is_padded());
}

#[test]
fn the_first_packet_is_connect_or_refused_with_its_first_byte() {
    assert_eq!(first(&[], 9), Ok(Next::Incomplete { size: None }));
    assert_eq!(first(&[0x10, 4], 9), Ok(Next::Incomplete { size: Some(6) }));
    for byte in [0x47, 0x30, 0xC0, 0x16, 0xF0, 0x00] {
        let error = first(&[byte], 9).unwrap_err();
        let refused = if byte == 0x16 { Fault::HeaderFlags } else { Fault::NotConnect };
        assert_eq!(error.fault(), refused, "{byte:#04x}");
        assert_eq!(error.connack_version(), None);
    }
    assert_eq!(first(&[0x10, 8], 9).unwrap_err().fault(), Fault::PacketTooLarge);
}

#[test]
fn each_packet_type_accepts_its_own_first_byte() {
    for (index, kind) in PacketType::ALL.iter().enumerate() {
        assert_eq!(usize::from(kind.value()), index + 1);
        assert_eq!(fault(&[kind.first_byte(), 0], V5), None, "{}", kind.name());
    }
}
