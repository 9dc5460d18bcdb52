//! Decodes the MQTT packets that broker and clients exchanged, from the bytes of the broker's system calls on its
//! sockets.

use std::collections::BTreeMap;

use tidegate_interop::strace::SystemCall;
use tidegate_mqtt::frame::{self, Frame, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Packet, ProtocolVersion};

/// The packets of one connection, each with a trace line. For a received packet, it is the line where the read of its
/// last byte returned; for a sent packet, the line where the write of its first byte started.
pub struct Conversation {
    pub received: Vec<(usize, Packet)>,
    pub sent: Vec<(usize, Packet)>,
}

/// The bytes of one direction of a connection. `lines` contains the trace line of each byte.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    lines: Vec<usize>,
}

/// Returns the conversations with all clients, one per connection.
pub fn conversations(calls: &[SystemCall]) -> Vec<Conversation> {
    let mut sockets: BTreeMap<String, (Stream, Stream)> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.result > 0) {
        let target = call.target();
        if !target.starts_with("socket:") {
            continue;
        }
        let (received, sent) = sockets.entry(target).or_default();
        match &*call.name {
            "read" | "readv" | "recvfrom" | "recvmsg" => received.add(call, call.end_line),
            "write" | "writev" | "sendto" | "sendmsg" => sent.add(call, call.start_line),
            _ => {}
        }
    }
    sockets.values().filter_map(|(received, sent)| Conversation::parse(received, sent)).collect()
}

impl Conversation {
    /// Decodes the packets of one socket. Returns `None` if the first received packet is not CONNECT.
    fn parse(received: &Stream, sent: &Stream) -> Option<Self> {
        let Ok(Next::Frame(first)) = frame::first(&received.bytes, PACKET_SIZE_MAX) else { return None };
        let Ok(Packet::Connect(connect)) = Packet::decode(&first, ProtocolVersion::V5) else { return None };
        let version = connect.version;
        Some(Self { received: received.packets(version, last_byte), sent: sent.packets(version, first_byte) })
    }
}

impl Stream {
    fn add(&mut self, call: &SystemCall, line: usize) {
        let bytes = call.bytes();
        self.lines.resize(self.lines.len() + bytes.len(), line);
        self.bytes.extend(bytes);
    }

    /// Decodes the packets of this direction. `line_byte` returns the index of the byte whose trace line becomes the
    /// trace line of the packet.
    fn packets(
        &self,
        version: ProtocolVersion,
        line_byte: fn(usize, &Frame<'_>) -> usize,
    ) -> Vec<(usize, Packet)> {
        let (mut packets, mut offset) = (Vec::new(), 0);
        let rest = |offset: usize| self.bytes.get(offset..).unwrap_or_default();
        while let Next::Frame(frame) = frame::next(rest(offset), version, PACKET_SIZE_MAX).expect("a packet")
        {
            let line = self.lines.get(line_byte(offset, &frame)).copied().expect("a line for each byte");
            packets.push((line, Packet::decode(&frame, version).expect("a packet")));
            offset += frame.wire.len();
        }
        packets
    }
}

fn first_byte(offset: usize, _: &Frame<'_>) -> usize {
    offset
}

fn last_byte(offset: usize, frame: &Frame<'_>) -> usize {
    offset + frame.wire.len() - 1
}
