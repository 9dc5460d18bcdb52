//! Fuzz target that decodes a stream of packets in chunks, as sockets deliver it. The packets must be the same as those
//! of the stream in one piece.

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{DecodeError, Packet, ProtocolVersion};

use crate::random::Random;
use crate::source::Source;

/// Runs one input. The first bytes choose the protocol version, the size limit and the chunks; the other bytes are the
/// stream.
///
/// # Panics
/// Panics if the packets depend on the chunks.
pub fn run(bytes: &[u8]) {
    let mut source = Source::new(bytes);
    let start = source.pick(&[
        Start::Open(ProtocolVersion::V3_1),
        Start::Open(ProtocolVersion::V3_1_1),
        Start::Open(ProtocolVersion::V5),
        Start::Connect,
    ]);
    let packet_size_max = source.pick(&[PACKET_SIZE_MAX, PACKET_SIZE_MAX, 128, 20]);
    let mut random = Random::new(source.next_byte().into());
    let chunk_len_max = source.pick(&[1, 2, 7, 64]);
    let stream = source.rest();

    let mut whole = Receiver::new(start, packet_size_max);
    whole.receive(stream);
    let mut chunked = Receiver::new(start, packet_size_max);
    let mut rest = stream;
    while !rest.is_empty() && chunked.error.is_none() {
        let (chunk, after) = rest.split_at((1 + random.below(chunk_len_max)).min(rest.len()));
        chunked.receive(chunk);
        rest = after;
    }
    assert_eq!(whole.packets, chunked.packets, "the packets depend on the chunks");
    assert_eq!(whole.error, chunked.error, "the error depends on the chunks");
    assert!(
        whole.error.is_some() || whole.partial_packet == chunked.partial_packet,
        "the tail depends on the chunks"
    );
}

/// The state of the connection at the beginning of the stream.
#[derive(Clone, Copy)]
enum Start {
    /// The connection is open and uses this protocol version.
    Open(ProtocolVersion),
    /// The stream begins with CONNECT, which determines the protocol version.
    Connect,
}

/// The receiving end of a connection.
struct Receiver {
    version: Option<ProtocolVersion>,
    packet_size_max: u32,
    partial_packet: Vec<u8>,
    packets: Vec<Packet>,
    error: Option<DecodeError>,
}

impl Receiver {
    fn new(start: Start, packet_size_max: u32) -> Self {
        let version = if let Start::Open(version) = start { Some(version) } else { None };
        Self { version, packet_size_max, partial_packet: Vec::new(), packets: Vec::new(), error: None }
    }

    fn receive(&mut self, chunk: &[u8]) {
        self.partial_packet.extend_from_slice(chunk);
        let buffer = std::mem::take(&mut self.partial_packet);
        let mut rest = buffer.as_slice();
        while self.error.is_none() {
            match self.next(rest) {
                Ok(0) => break,
                Ok(size) => rest = &rest[size..],
                Err(error) => self.error = Some(error),
            }
        }
        self.partial_packet = rest.to_vec();
    }

    /// Decodes the first packet. Returns its size in bytes, or 0 if the packet is incomplete.
    fn next(&mut self, bytes: &[u8]) -> Result<usize, DecodeError> {
        let next = match self.version {
            None => frame::first(bytes, self.packet_size_max)?,
            Some(version) => frame::next(bytes, version, self.packet_size_max)?,
        };
        let Next::Frame(frame) = next else {
            if let Next::Incomplete { size: Some(size) } = next {
                assert!(size as u32 <= self.packet_size_max, "a packet above the size limit is awaited");
            }
            return Ok(0);
        };
        let packet = Packet::decode(&frame, self.version.unwrap_or(ProtocolVersion::V3_1_1))?;
        if let (None, Packet::Connect(connect)) = (self.version, &packet) {
            self.version = Some(connect.version);
        }
        self.packets.push(packet);
        Ok(frame.wire.len())
    }
}
