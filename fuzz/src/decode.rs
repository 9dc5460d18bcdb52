//! Fuzz target that decodes arbitrary bytes with every decoder, in every protocol version. A decoded packet must encode
//! to bytes that decode to the same value.

mod publish;

use tidegate_mqtt::frame::{self, Frame, Next};
use tidegate_mqtt::{Ack, DecodeError, Fault, Packet, PacketType, ProtocolVersion, PublishView};

/// Decodes `bytes` as a stream of packets, once in each protocol version, and checks the results.
///
/// # Panics
/// Panics if a decoder panics or its result is wrong.
pub fn run(bytes: &[u8]) {
    check_first(bytes);
    for version in ProtocolVersion::ALL {
        let mut rest = bytes;
        while let Some(frame) = next(rest, version) {
            check(&frame, version);
            rest = &rest[frame.wire.len()..];
        }
    }
}

/// Decodes `bytes` as [`run`] does, but without checks, so that callers can measure the memory that the decoders alone
/// allocate.
pub fn decode_only(bytes: &[u8]) {
    for version in ProtocolVersion::ALL {
        let mut rest = bytes;
        while let Ok(Next::Frame(frame)) = frame::next(rest, version, frame::PACKET_SIZE_MAX) {
            drop(Packet::decode(&frame, version));
            rest = &rest[frame.wire.len()..];
        }
    }
}

fn next(bytes: &[u8], version: ProtocolVersion) -> Option<Frame<'_>> {
    match frame::next(bytes, version, frame::PACKET_SIZE_MAX) {
        Err(error) => {
            check_error(&error);
            None
        }
        Ok(Next::Incomplete { size }) => {
            assert!(
                size.is_none_or(|size| size > bytes.len()),
                "incomplete, although all {size:?} bytes have arrived"
            );
            assert!(size.is_some() || bytes.len() < 5, "the size is unknown after {} bytes", bytes.len());
            None
        }
        Ok(Next::Frame(frame)) => {
            assert!(bytes.starts_with(frame.wire) && frame.wire.ends_with(frame.body));
            let header_size = frame.wire.len() - frame.body.len();
            assert!((2..=5).contains(&header_size), "a fixed header of {header_size} bytes");
            Some(frame)
        }
    }
}

/// Checks how the first packet of a connection is framed: it must be a CONNECT, which is framed like any other packet.
fn check_first(bytes: &[u8]) {
    let is_connect = bytes.first().is_none_or(|byte| byte >> 4 == PacketType::Connect.value());
    match frame::first(bytes, frame::PACKET_SIZE_MAX) {
        Err(error) if !is_connect => assert_eq!(error.fault(), Fault::NotConnect),
        cut => {
            assert!(is_connect, "{cut:?}");
            assert_eq!(cut, frame::next(bytes, ProtocolVersion::V3_1_1, frame::PACKET_SIZE_MAX));
        }
    }
}

fn check(frame: &Frame<'_>, version: ProtocolVersion) {
    let decoded = Packet::decode(frame, version);
    check_views(frame, version, &decoded);
    match decoded {
        Err(error) => check_error(&error),
        Ok(packet) => {
            let packet_version =
                if let Packet::Connect(connect) = &packet { connect.version } else { version };
            let encoded = encode(&packet, packet_version);
            assert!(encoded.len() <= frame.wire.len(), "the packet is longer after decoding and encoding");
            assert_eq!(
                decode_one(&encoded, packet_version),
                packet,
                "the packet has another value after decoding and encoding"
            );
            check_stripped(packet, packet_version, encoded.len());
        }
    }
}

/// Checks that the parsers for the hot path agree with the general decoder.
fn check_views(frame: &Frame<'_>, version: ProtocolVersion, decoded: &Result<Packet, DecodeError>) {
    let ack = Ack::parse(frame, version);
    match decoded {
        Ok(Packet::Ack(decoded)) => assert_eq!(ack.as_ref(), Ok(decoded)),
        _ => assert!(ack.is_err(), "another packet is parsed as an acknowledgement: {ack:?}"),
    }
    let view = PublishView::parse(frame, version);
    if frame.packet_type != PacketType::Publish {
        return;
    }
    match (&view, decoded) {
        (Ok(view), Ok(Packet::Publish(publish))) => publish::check(view, publish, frame, version),
        (Err(one), Err(other)) => assert_eq!(one, other),
        _ => panic!("view and packet disagree: {view:?} {decoded:?}"),
    }
}

/// Checks that a packet without its reason string and user properties is still valid, and shorter.
fn check_stripped(mut packet: Packet, version: ProtocolVersion, size: usize) {
    if packet.strip_optional() {
        let encoded = encode(&packet, version);
        assert!(encoded.len() < size, "nothing was stripped");
        assert_eq!(decode_one(&encoded, version), packet);
        assert!(!packet.strip_optional(), "not everything was stripped at once");
    }
}

fn encode(packet: &Packet, version: ProtocolVersion) -> Vec<u8> {
    let mut out = vec![0x55];
    let encoded = packet.encode(version, &mut out);
    assert_eq!(encoded, Ok(()), "a decoded packet cannot be encoded: {packet:?}");
    assert_eq!(out.remove(0), 0x55, "encoding changes the bytes before it in the buffer");
    out
}

/// Returns the only packet in `bytes`.
fn decode_one(bytes: &[u8], version: ProtocolVersion) -> Packet {
    let frame = next(bytes, version).expect("a whole packet");
    assert_eq!(frame.wire.len(), bytes.len(), "bytes follow the packet");
    assert!(!frame.is_padded(), "the length is encoded with padding");
    Packet::decode(&frame, version).expect("an encoded packet is valid")
}

fn check_error(error: &DecodeError) {
    assert!(error.reason().is_error(), "{error}");
    let prefix = if error.version().is_v5() { "MQTT5-" } else { "MQTT3-" };
    assert!(error.statement().starts_with(prefix), "{error}");
}
