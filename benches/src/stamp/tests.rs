//! Encoding and decoding of stamps.

use super::Stamp;

#[test]
fn a_stamp_with_a_changed_bit_is_rejected() {
    let stamp = Stamp { run: 7, publisher: 3, sequence: 1 << 40, due: 12_345_678_901 };
    let encoded = stamp.encode();
    assert_eq!(Stamp::decode(&encoded), Some(stamp));
    for bit in 0..encoded.len() * 8 {
        let mut changed = encoded;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Stamp::decode(&changed), None, "bit {bit}");
    }
}
