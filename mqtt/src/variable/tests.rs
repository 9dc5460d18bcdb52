//! Tests of the variable byte integer.

use super::{MAX, Variable, decode, put, size};

fn encoded(value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put(value as usize, &mut out);
    out
}

#[test]
fn boundary_values_of_the_specification_are_encoded_and_decoded() {
    let borders: [(u32, &[u8]); 9] = [
        (0, &[0x00]),
        (127, &[0x7F]),
        (128, &[0x80, 0x01]),
        (16_383, &[0xFF, 0x7F]),
        (16_384, &[0x80, 0x80, 0x01]),
        (2_097_151, &[0xFF, 0xFF, 0x7F]),
        (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
        (MAX, &[0xFF, 0xFF, 0xFF, 0x7F]),
        (321, &[0xC1, 0x02]),
    ];
    for (value, wire) in borders {
        assert_eq!(encoded(value), wire);
        assert_eq!(decode(wire), Variable::Value { value, size: wire.len(), padded: false });
        assert_eq!(size(value as usize), wire.len());
        for end in 0..wire.len() {
            assert_eq!(decode(&wire[..end]), Variable::Incomplete);
        }
    }
}

#[test]
fn padding_and_a_fifth_byte_are_detected() {
    assert_eq!(decode(&[0x80, 0x00]), Variable::Value { value: 0, size: 2, padded: true });
    assert_eq!(decode(&[0xFF, 0x80, 0x00, 9]), Variable::Value { value: 127, size: 3, padded: true });
    assert_eq!(decode(&[0x80, 0x80, 0x80, 0x80]), Variable::TooLong);
    assert_eq!(decode(&[0xFF, 0xFF, 0xFF, 0xFF, 0x01]), Variable::TooLong);
    assert_eq!(size(MAX as usize + 1), 5);
}
