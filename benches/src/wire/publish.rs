//! PUBLISH packets: a template for sending, and a view of a received packet.

use super::scan::{self, RawPacket};
use super::{Version, build, packet_type};
use crate::stamp::{STAMP_LEN, Stamp};

/// The parts of a PUBLISH packet that are the same in every message of a topic.
#[derive(Debug)]
pub struct Template {
    head: Vec<u8>,
    has_packet_id: bool,
    properties: &'static [u8],
    filler: Vec<u8>,
}

impl Template {
    /// Creates a template for messages to `topic`. The payload consists of a stamp and filler bytes; together they have
    /// `payload_len` bytes, at least `STAMP_LEN`.
    pub fn new(version: Version, qos: u8, retain: bool, topic: &str, payload_len: usize) -> Self {
        let has_packet_id = qos > 0;
        let properties: &[u8] = if version.is_v5() { &[0] } else { &[] };
        let filler = filler(payload_len.saturating_sub(STAMP_LEN));
        let fixed = if has_packet_id { 4 } else { 2 };
        let body = fixed + topic.len() + properties.len() + STAMP_LEN + filler.len();
        let mut head = vec![(packet_type::PUBLISH << 4) | (qos << 1) | u8::from(retain)];
        build::put_variable_length(body, &mut head);
        build::put_string(topic, &mut head);
        Self { head, has_packet_id, properties, filler }
    }

    /// Appends one message. At QoS 0, `packet_id` is ignored.
    pub fn append(&self, packet_id: u16, stamp: &Stamp, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        if self.has_packet_id {
            out.extend_from_slice(&packet_id.to_be_bytes());
        }
        out.extend_from_slice(self.properties);
        out.extend_from_slice(&stamp.encode());
        out.extend_from_slice(&self.filler);
    }
}

/// A received PUBLISH.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedPublish<'a> {
    /// The bytes of the topic name.
    pub topic: &'a [u8],
    /// QoS of this delivery.
    pub qos: u8,
    /// The packet identifier, which is present above QoS 0.
    pub packet_id: Option<u16>,
    /// The RETAIN flag.
    pub retain: bool,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> ReceivedPublish<'a> {
    /// Parses a PUBLISH packet. Returns `None` if the packet is malformed.
    pub fn parse(packet: &RawPacket<'a>, version: Version) -> Option<Self> {
        let (length, rest) = packet.body.split_first_chunk::<2>()?;
        let (topic, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (packet_id, rest) = if packet.first & 0b0110 == 0 {
            (None, rest)
        } else {
            let (id, rest) = rest.split_first_chunk::<2>()?;
            (Some(u16::from_be_bytes(*id)), rest)
        };
        let payload = if version.is_v5() { scan::skip_properties(rest)? } else { rest };
        let qos = (packet.first >> 1) & 0b11;
        Some(Self { topic, qos, packet_id, retain: packet.first & 1 == 1, payload })
    }

    /// Appends the acknowledgement of this delivery: PUBACK, PUBREC, or nothing at QoS 0.
    pub fn acknowledge(&self, out: &mut Vec<u8>) {
        match (self.qos, self.packet_id) {
            (1, Some(id)) => out.extend_from_slice(&build::puback(id)),
            (2, Some(id)) => out.extend_from_slice(&build::pubrec(id)),
            _ => {}
        }
    }

    /// Returns the stamp, or `None` if the payload is not an intact stamp followed by `expected_filler`.
    pub fn stamp(&self, expected_filler: &[u8]) -> Option<Stamp> {
        let (stamp, filler) = self.payload.split_first_chunk::<STAMP_LEN>()?;
        if filler != expected_filler {
            return None;
        }
        Stamp::decode(stamp)
    }
}

/// Returns the payload bytes that follow the stamp: a fixed pattern that receivers compare.
pub fn filler(len: usize) -> Vec<u8> {
    (0u8..=250).cycle().take(len).collect()
}
