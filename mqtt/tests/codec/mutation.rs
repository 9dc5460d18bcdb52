//! Packets with one flipped bit: a packet that is still accepted is the same after encoding and decoding it.

use proptest::prelude::*;
use tidegate_mqtt::ProtocolVersion;

use crate::packets::packet;
use crate::round_trip::{decode, encode};

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn an_accepted_packet_survives_encoding_and_decoding(
        (version, packet) in proptest::sample::select(ProtocolVersion::ALL.to_vec())
            .prop_flat_map(|version| (Just(version), packet(version)))
    ) {
        let bytes = encode(&packet, version);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let Some(read) = decode(&flipped, version) else { continue };
            let written_in = match &read {
                tidegate_mqtt::Packet::Connect(connect) => connect.version,
                _ => version,
            };
            prop_assert_eq!(decode(&encode(&read, written_in), written_in), Some(read));
        }
    }
}
