//! Round trips: a packet that is encoded and decoded is unchanged.

use proptest::prelude::*;
use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Packet, ProtocolVersion};

use crate::packets::packet;

/// Returns the encoded bytes of a packet.
pub(crate) fn encode(packet: &Packet, version: ProtocolVersion) -> Vec<u8> {
    let mut out = Vec::new();
    packet.encode(version, &mut out).unwrap();
    out
}

/// Decodes the packet that `bytes` consists of. `None` if `bytes` is not exactly one valid packet.
pub(crate) fn decode(bytes: &[u8], version: ProtocolVersion) -> Option<Packet> {
    match frame::next(bytes, version, PACKET_SIZE_MAX).ok()? {
        Next::Frame(frame) if frame.wire.len() == bytes.len() => Packet::decode(&frame, version).ok(),
        _ => None,
    }
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn mqtt_5_packets_round_trip(packet in packet(ProtocolVersion::V5)) {
        check(&packet, ProtocolVersion::V5)?;
    }

    #[test]
    fn mqtt_3_1_1_packets_round_trip(packet in packet(ProtocolVersion::V3_1_1)) {
        check(&packet, ProtocolVersion::V3_1_1)?;
    }

    #[test]
    fn mqtt_3_1_packets_round_trip(packet in packet(ProtocolVersion::V3_1)) {
        check(&packet, ProtocolVersion::V3_1)?;
    }

    /// A packet of MQTT 5.0 that can be encoded as MQTT 3.1.1 is valid there, unless it is an UNSUBSCRIBE with
    /// an invalid filter. AUTH cannot be encoded as MQTT 3.1.1.
    #[test]
    fn mqtt_5_packets_can_be_written_as_mqtt_3_1_1(packet in packet(ProtocolVersion::V5)) {
        let mut out = Vec::new();
        if !matches!(packet, Packet::Connect(_)) && packet.encode(ProtocolVersion::V3_1_1, &mut out).is_ok() {
            let bad_filter = matches!(&packet, Packet::Unsubscribe(it) if it.filters.iter().any(Result::is_err));
            prop_assert_eq!(decode(&out, ProtocolVersion::V3_1_1).is_none(), bad_filter, "{:?} {:?}", packet, out);
        }
    }
}

fn check(packet: &Packet, version: ProtocolVersion) -> Result<(), TestCaseError> {
    let bytes = encode(packet, version);
    let read = decode(&bytes, version);
    prop_assert_eq!(read.as_ref(), Some(packet));
    Ok(())
}
