//! The outgoing side of a connection: the client's limits, the topic aliases towards the client, and the write buffer.
//! Quota and queue belong to the session.

use tidegate_limits::OutOfMemory;
use tidegate_mqtt::{Ack, Message, OutgoingPublish, Packet, PacketId, ProtocolVersion, QoS, frame};

use crate::handshake::Negotiated;
use crate::verdict::DropReason;
use crate::write_buffer::WriteBuffer;

mod alias;

use alias::Aliases;

/// The part of a session that all packets to the client pass through, so that no packet exceeds the client's Maximum
/// Packet Size. `[MQTT5-3.1.2-24]`
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) version: ProtocolVersion,
    /// Whether the client accepts reason strings and user properties in every packet.
    problem_information: bool,
    /// The client's Maximum Packet Size in bytes.
    packet_size_max: usize,
    aliases: Option<Box<Aliases>>,
    /// Number of packets put into the write buffer since the connection began.
    pub(crate) packets: u64,
    pub(crate) write_buffer: WriteBuffer,
}

impl Outbox {
    pub(crate) fn closed() -> Self {
        Self {
            version: ProtocolVersion::V5,
            problem_information: true,
            packet_size_max: 0,
            aliases: None,
            packets: 0,
            write_buffer: WriteBuffer::default(),
        }
    }

    /// Begins a connection: discards the aliases and bytes of the previous connection. `[MQTT5-3.3.2-7]`
    /// `[MQTT5-3.1.2-27]`
    pub(crate) fn open(&mut self, negotiated: &Negotiated, alias_max: u16) {
        self.write_buffer.clear();
        self.packets = 0;
        self.version = negotiated.version;
        self.problem_information = negotiated.problem_information;
        self.packet_size_max =
            usize::try_from(negotiated.packet_size_max.min(frame::PACKET_SIZE_MAX)).unwrap_or(usize::MAX);
        self.aliases = Aliases::new(negotiated.topic_alias_maximum.min(alias_max)).map(Box::new);
    }

    /// Ends the connection. The unwritten bytes of the connection stay in the write buffer.
    pub(crate) fn close(&mut self) {
        self.write_buffer.seal();
        self.aliases = None;
    }

    /// Chooses the alias and checks the size. Changes nothing in the outbox, so that a dropped message uses up neither
    /// a packet identifier nor quota nor an alias. Returns the size of the packet, or an upper bound of the size.
    /// `[MQTT5-3.1.2-25]`
    #[inline]
    pub(crate) fn plan(&self, outgoing: &mut OutgoingPublish<'_>) -> Result<usize, DropReason> {
        let bound = size_bound(outgoing);
        if self.aliases.is_none() && bound <= self.packet_size_max {
            return Ok(bound);
        }
        self.plan_exactly(outgoing)
    }

    /// Writes a PUBLISH as planned. Returns `false` and writes nothing if there is not enough memory. `size` is the
    /// result of [`Outbox::plan`]. A new alias is valid from now on. `[MQTT5-3.3.2-11]`
    pub(crate) fn put(&mut self, message: &Message, outgoing: &OutgoingPublish<'_>, size: usize) -> bool {
        if outgoing.payload.len().max(outgoing.properties.len()) > COPY_MAX {
            return self.put_shared(message, outgoing, size);
        }
        if !self.write_buffer.reserve(size) {
            return false;
        }
        if let Some(aliases) = &mut self.aliases {
            aliases.commit(outgoing.alias, outgoing.topic);
        }
        let buffer = self.write_buffer.buffer();
        outgoing.encode_head(self.version, buffer);
        buffer.extend_from_slice(outgoing.payload);
        self.packets += 1;
        true
    }

    /// Writes a PUBLISH whose payload is inserted by reference, in MQTT 5 together with the properties if they are next
    /// to it in memory.
    #[inline(never)]
    fn put_shared(&mut self, message: &Message, outgoing: &OutgoingPublish<'_>, size: usize) -> bool {
        let shared = message.properties_and_payload_bytes().filter(|_| self.version.is_v5());
        let payload = shared.unwrap_or_else(|| message.payload_bytes());
        let is_whole = payload.len() > outgoing.payload.len() || outgoing.properties.is_empty();
        let copied = size.saturating_sub(payload.len());
        if !self.write_buffer.reserve(copied) {
            return false;
        }
        self.commit_alias(outgoing);
        let buffer = self.write_buffer.buffer();
        outgoing.encode_start(self.version, buffer);
        if self.version.is_v5() && !is_whole {
            buffer.extend_from_slice(outgoing.properties);
        }
        self.write_buffer.put_shared(payload);
        self.packets += 1;
        true
    }

    fn commit_alias(&mut self, outgoing: &OutgoingPublish<'_>) {
        if let Some(aliases) = &mut self.aliases {
            aliases.commit(outgoing.alias, outgoing.topic);
        }
    }

    /// Writes a control packet, and returns whether it was written. If the packet is too large, its reason string and
    /// user properties are removed; if the packet is still too large, it is not written. `[MQTT5-3.2.2-19]`
    /// `[MQTT5-3.9.2-1]` `[MQTT5-3.11.2-1]` `[MQTT5-3.14.2-3]` `[MQTT5-3.15.2-2]`
    ///
    /// # Errors
    /// When there is not enough memory for the reason codes of a large SUBACK or UNSUBACK. Nothing is written.
    pub(crate) fn put_packet(&mut self, packet: &Packet) -> Result<bool, OutOfMemory> {
        if !self.write_buffer.reserve(size_of_answer(packet)) {
            return Err(OutOfMemory);
        }
        let may_explain = self.problem_information || is_exempt(packet);
        if may_explain && self.try_put(|version, out| packet.encode(version, out).is_ok()) {
            return Ok(true);
        }
        let mut packet = packet.clone();
        packet.strip_optional();
        Ok(self.try_put(|version, out| packet.encode(version, out).is_ok()))
    }

    /// Writes an acknowledgement by the rules of [`Outbox::put_packet`]. `[MQTT5-3.4.2-2]` `[MQTT5-3.5.2-2]`
    /// `[MQTT5-3.6.2-2]` `[MQTT5-3.7.2-2]`
    pub(crate) fn put_ack(&mut self, ack: &Ack) -> bool {
        let may_explain = self.problem_information || ack.properties.is_none();
        let written = may_explain
            && self.try_put(|version, out| {
                ack.encode(version, out);
                true
            });
        if written || ack.properties.is_none() {
            return written;
        }
        self.put_ack(&Ack::new(ack.kind, ack.packet_id, ack.reason))
    }

    /// Returns whether frames can be copied to the client unchanged. `largest_size` is the size of the largest frame in
    /// bytes.
    pub(crate) fn accepts_frames(&self, largest_size: usize) -> bool {
        self.aliases.is_none() && largest_size <= self.packet_size_max
    }

    /// Returns the number of bytes allocated, without shared payloads.
    pub(crate) fn capacity(&self) -> usize {
        self.write_buffer.capacity() + self.aliases.as_ref().map_or(0, |aliases| aliases.capacity())
    }

    /// Chooses the alias and computes the exact size. If the message fits only without a new alias, the alias is
    /// omitted: defining an alias makes a packet longer; only using a known alias makes it shorter.
    fn plan_exactly(&self, outgoing: &mut OutgoingPublish<'_>) -> Result<usize, DropReason> {
        if outgoing.qos != QoS::AtMostOnce && outgoing.packet_id.is_none() {
            outgoing.packet_id = Some(PacketId::MIN);
        }
        outgoing.alias = self.aliases.as_ref().and_then(|aliases| aliases.choose(outgoing.topic));
        let mut size = outgoing.size(self.version);
        if size > self.packet_size_max && outgoing.alias.take_if(|alias| !alias.known).is_some() {
            size = outgoing.size(self.version);
        }
        if size > self.packet_size_max { Err(DropReason::TooLarge) } else { Ok(size) }
    }

    fn try_put(&mut self, encode: impl FnOnce(ProtocolVersion, &mut Vec<u8>) -> bool) -> bool {
        let buffer = self.write_buffer.buffer();
        let before = buffer.len();
        let fits = encode(self.version, buffer) && buffer.len() - before <= self.packet_size_max;
        if fits {
            self.packets += 1;
        } else {
            buffer.truncate(before);
        }
        fits
    }
}

/// Returns whether the packet may carry reason string and user properties even if the client set Request Problem
/// Information to 0. `[MQTT5-3.1.2-29]`
fn is_exempt(packet: &Packet) -> bool {
    matches!(packet, Packet::Publish(_) | Packet::ConnAck(_) | Packet::Disconnect(_))
}

/// Returns an upper bound of the packet size that is cheap to compute. The constants are the lengths of: fixed header
/// 5, topic length 2, packet identifier 2, property length 4, message expiry 5, each subscription identifier 5.
fn size_bound(outgoing: &OutgoingPublish<'_>) -> usize {
    let parts = outgoing.topic.len() + outgoing.properties.len() + outgoing.payload.len();
    parts + 5 * outgoing.subscription_identifiers.len() + 18
}

/// Returns an upper bound of the size in bytes of a SUBACK or UNSUBACK without its properties; 0 for all other packets.
/// The client determines how many reason codes a SUBACK or UNSUBACK has.
fn size_of_answer(packet: &Packet) -> usize {
    // Fixed header 5, packet identifier 2, property length 1.
    const HEADER_MAX: usize = 8;
    match packet {
        Packet::SubAck(suback) => suback.reasons.len() + HEADER_MAX,
        Packet::UnsubAck(unsuback) => unsuback.reasons.len() + HEADER_MAX,
        _ => 0,
    }
}

/// Maximum size in bytes of a payload, and of properties, that are copied to the write buffer. Larger ones are shared
/// between all receivers. Copying a few bytes costs less than an additional slice in the vectored write.
const COPY_MAX: usize = 1024;
