//! PUBLISH: a template to send many alike, and the view of a received one.

use super::scan::{self, RawPacket};
use super::{Version, build, packet_type};
use crate::stamp::{STAMP_LEN, Stamp};

/// All of a PUBLISH that stays the same from message to message.
#[derive(Debug)]
pub struct Template {
    head: Vec<u8>,
    has_packet_id: bool,
    properties: &'static [u8],
    filler: Vec<u8>,
}

impl Template {
    /// Messages to `topic` whose payload is a stamp and filler, `payload_len` bytes together (at least a stamp).
    pub fn new(version: Version, qos: u8, retain: bool, topic: &str, payload_len: usize) -> Self {
        let has_packet_id = qos > 0;
        let properties: &[u8] = if version.is_v5() { &[0] } else { &[] };
        let filler = filler(payload_len.saturating_sub(STAMP_LEN));
        let fixed = if has_packet_id { 4 } else { 2 };
        let body = fixed + topic.len() + properties.len() + STAMP_LEN + filler.len();
        let mut head = vec![(packet_type::PUBLISH << 4) | (qos << 1) | u8::from(retain)];
        build::variable_length(body, &mut head);
        build::string(topic, &mut head);
        Self { head, has_packet_id, properties, filler }
    }

    /// Appends one message. `packet_id` is left out at QoS 0.
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
pub struct Delivery<'a> {
    /// The topic's bytes.
    pub topic: &'a [u8],
    /// Of this delivery.
    pub qos: u8,
    /// Present above QoS 0.
    pub packet_id: Option<u16>,
    /// The RETAIN flag.
    pub retain: bool,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Delivery<'a> {
    /// Takes a PUBLISH apart; None when its parts do not fit its length.
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

    /// Appends the acknowledgement that this delivery asks for: PUBACK, PUBREC, or none.
    pub fn answer(&self, out: &mut Vec<u8>) {
        match (self.qos, self.packet_id) {
            (1, Some(id)) => out.extend_from_slice(&build::puback(id)),
            (2, Some(id)) => out.extend_from_slice(&build::pubrec(id)),
            _ => {}
        }
    }

    /// The stamp, provided that the whole payload is as it was sent with `payload_len` bytes.
    pub fn stamp(&self, expected_filler: &[u8]) -> Option<Stamp> {
        let (stamp, filler) = self.payload.split_first_chunk::<STAMP_LEN>()?;
        if filler != expected_filler {
            return None;
        }
        Stamp::decode(stamp)
    }
}

/// The bytes after the stamp: a fixed pattern, compared on arrival.
pub fn filler(len: usize) -> Vec<u8> {
    (0u8..=250).cycle().take(len).collect()
}
