//! Packets truncated at every byte: an incomplete frame is reported as incomplete, and a truncated body never decodes
//! to the original packet.

use proptest::prelude::*;
use tidegate_mqtt::frame::{self, Next};
use tidegate_mqtt::{Packet, ProtocolVersion};

use crate::packets::packet;
use crate::round_trip::{decode, encode};

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn a_truncated_mqtt_5_packet_never_decodes_to_the_complete_packet(packet in packet(ProtocolVersion::V5)) {
        check(&packet, ProtocolVersion::V5)?;
    }

    #[test]
    fn a_truncated_mqtt_3_1_1_packet_never_decodes_to_the_complete_packet(packet in packet(ProtocolVersion::V3_1_1)) {
        check(&packet, ProtocolVersion::V3_1_1)?;
    }

    #[test]
    fn random_bytes_are_refused_or_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        for version in ProtocolVersion::ALL {
            if let Some(packet) = decode(&bytes, version) {
                prop_assert_eq!(decode(&encode(&packet, version), version), Some(packet));
            }
        }
    }
}

fn check(packet: &Packet, version: ProtocolVersion) -> Result<(), TestCaseError> {
    let bytes = encode(packet, version);
    for end in 0..bytes.len() {
        let next = frame::next(&bytes[..end], version, frame::PACKET_SIZE_MAX);
        let waits = match next {
            Ok(Next::Incomplete { size }) => size.is_none_or(|size| size == bytes.len()),
            _ => false,
        };
        prop_assert!(waits, "{:?} at {}", next, end);
    }
    let Ok(Next::Frame(frame)) = frame::next(&bytes, version, frame::PACKET_SIZE_MAX) else {
        return Err(TestCaseError::fail("a complete packet is not recognized as a frame"));
    };
    for end in 0..frame.body.len() {
        let shorter = frame::Frame { body: &frame.body[..end], ..frame };
        // The truncated body may still be a valid packet, such as a PUBLISH with a shorter payload, but must not be the
        // original packet.
        let other = Packet::decode(&shorter, version).ok().filter(|read| read == packet);
        prop_assert_eq!(other, None, "cut at {}", end);
    }
    Ok(())
}
