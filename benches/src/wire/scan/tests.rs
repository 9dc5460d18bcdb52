//! Tests with whole and truncated packets for each size of Remaining Length, and with properties of CONNACK.

use super::{next, receive_maximum, skip_properties};
use crate::wire::build;

#[test]
fn a_packet_is_returned_only_when_it_is_whole() {
    for length in [0usize, 1, 127, 128, 16_383, 16_384] {
        let mut bytes = build::packet_from_parts(0x30, &vec![7; length]);
        let size = bytes.len();
        for length_received in [0, 1, size / 2, size - 1] {
            assert!(next(&bytes[..length_received]).unwrap().is_none(), "{length} {length_received}");
        }
        bytes.extend_from_slice(&[0xc0, 0]);
        let (packet, rest) = next(&bytes).unwrap().unwrap();
        assert_eq!((packet.packet_type(), packet.body.len(), packet.wire.len()), (3, length, size));
        assert_eq!(rest, [0xc0, 0]);
    }
}

#[test]
fn a_remaining_length_of_five_bytes_is_malformed() {
    assert!(next(&[0x30, 0xff, 0xff, 0xff, 0xff, 1]).is_err());
}

#[test]
fn receive_maximum_is_found_among_other_properties() {
    let mut properties = vec![0x24, 1, 0x11, 0, 0, 0, 9, 0x12];
    build::put_string("assigned", &mut properties);
    properties.push(0x26);
    build::put_string("name", &mut properties);
    build::put_string("value", &mut properties);
    assert_eq!(receive_maximum(&properties), None);
    properties.extend([0x21, 1, 2, 0x22, 0, 10]);
    assert_eq!(receive_maximum(&properties), Some(258));
}

#[test]
fn skip_properties_returns_the_bytes_after_the_property_block() {
    assert_eq!(skip_properties(&[0, 5, 6]), Some(&[5, 6][..]));
    assert_eq!(skip_properties(&[2, 1, 1, 5]), Some(&[5][..]));
    assert_eq!(skip_properties(&[2, 1]), None);
}
