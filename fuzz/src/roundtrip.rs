//! Fuzz target that encodes packets. The encoded bytes must decode to the same packets, and pass the target `decode`.

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Packet, ProtocolVersion};

use crate::source::Source;
use crate::{decode, sample};

/// Runs one input. The first byte chooses the protocol version; the other bytes choose the packets to encode.
///
/// # Panics
/// Panics if a packet cannot be encoded, or decodes to another packet.
pub fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let version = source.pick(&ProtocolVersion::ALL);
    let mut packets = Vec::new();
    let mut wire = Vec::new();
    while !source.is_empty() && packets.len() < PACKETS_MAX {
        let packet = sample::packet(&mut source, version);
        let encoded = packet.encode(version, &mut wire);
        assert_eq!(encoded, Ok(()), "{packet:?}");
        packets.push(packet);
    }
    let mut rest = wire.as_slice();
    for packet in packets {
        let next = frame::next(rest, version, PACKET_SIZE_MAX);
        let Ok(Next::Frame(frame)) = next else { panic!("{next:?} for {packet:?}") };
        assert_eq!(Packet::decode(&frame, version), Ok(packet));
        rest = &rest[frame.wire.len()..];
    }
    assert!(rest.is_empty());
    decode::run(&wire);
}

const PACKETS_MAX: usize = 4;
