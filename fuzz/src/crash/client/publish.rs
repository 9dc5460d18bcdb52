//! Publishes messages. The client retransmits each message until the broker acknowledges it.

use bytes::Bytes;
use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, Publish, QoS, ReasonCode};

use super::{Client, InFlightPublish};
use crate::crash::promises::Promises;
use crate::random::Random;

impl Client {
    /// Publishes a few messages to one topic. Returns the bytes of their packets.
    pub(in crate::crash) fn publish(&mut self, promises: &mut Promises, random: &mut Random) -> Vec<u8> {
        let topic = random.pick(&TOPICS);
        let count = random.pick(&[1, 1, 1, 2, 3]);
        let mut packets = Vec::new();
        for _ in 0..count {
            let qos = random.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::ExactlyOnce]);
            let is_retained = topic.starts_with("r/") && qos > QoS::AtMostOnce;
            let is_payload_empty = is_retained && random.chance(15);
            packets.extend(self.publish_one(promises, topic, qos, is_retained, is_payload_empty));
        }
        self.encode(packets)
    }

    /// Publishes a message. Returns `None` if too many messages are unacknowledged.
    pub(in crate::crash) fn publish_one(
        &mut self,
        promises: &mut Promises,
        topic: &'static str,
        qos: QoS,
        retain: bool,
        is_payload_empty: bool,
    ) -> Option<Packet> {
        if self.outgoing.len() >= UNACKNOWLEDGED_MAX {
            return None;
        }
        let number = promises.publish(topic.to_owned(), qos, retain, is_payload_empty);
        let packet_id = self.free_packet_id();
        let outgoing =
            InFlightPublish { packet_id, number, topic, qos, retain, is_payload_empty, pubrels_sent: 0 };
        let packet = outgoing.packet(false);
        if qos > QoS::AtMostOnce {
            self.outgoing.push(outgoing);
        }
        Some(packet)
    }

    /// Returns the lowest free packet identifier. Reusing identifiers quickly reveals an identifier that the broker has
    /// not freed.
    fn free_packet_id(&self) -> PacketId {
        let mut id = PacketId::MIN;
        while self.outgoing.iter().any(|outgoing| outgoing.packet_id == id) {
            id = id.next();
        }
        id
    }

    /// Returns the packets to retransmit when a connection continues the session.
    pub(super) fn retransmit(&mut self) -> Vec<Packet> {
        let mut packets = Vec::new();
        for outgoing in &mut self.outgoing {
            packets.push(if outgoing.pubrels_sent > 0 { outgoing.release() } else { outgoing.packet(true) });
        }
        packets
    }

    /// Handles PUBACK, PUBREC or PUBCOMP.
    pub(super) fn handle_ack(&mut self, promises: &mut Promises, ack: &Ack) {
        let position = self.outgoing.iter().position(|outgoing| outgoing.packet_id == ack.packet_id);
        let position = position.unwrap_or_else(|| panic!("{ack:?} for an identifier that is not in use"));
        let outgoing = &mut self.outgoing[position];
        let expected = match (outgoing.qos, outgoing.pubrels_sent) {
            (QoS::AtLeastOnce, _) => AckKind::PubAck,
            (_, 0) => AckKind::PubRec,
            _ => AckKind::PubComp,
        };
        assert_eq!(ack.kind, expected, "the answer to {:?}", outgoing.number);
        match ack.kind {
            AckKind::PubRec => {
                assert!(!ack.reason.is_error(), "{:?} is refused: {:?}", outgoing.number, ack.reason);
                promises.acknowledged(outgoing.number);
                let release = outgoing.release();
                self.unsent_acks.push(release);
            }
            AckKind::PubAck => {
                assert!(!ack.reason.is_error(), "{:?} is refused: {:?}", outgoing.number, ack.reason);
                promises.acknowledged(outgoing.number);
                self.outgoing.remove(position);
            }
            _ => {
                // The broker may report an unknown packet identifier only if PUBREL was retransmitted.
                let is_known = ack.reason == ReasonCode::Success || outgoing.pubrels_sent > 1;
                assert!(is_known, "the broker has forgotten the identifier of {:?}", outgoing.number);
                self.outgoing.remove(position);
            }
        }
    }
}

impl InFlightPublish {
    fn packet(&self, dup: bool) -> Packet {
        let payload =
            if self.is_payload_empty { Bytes::new() } else { Bytes::from(self.number.0.to_string()) };
        let publish = Publish { dup, retain: self.retain, ..Publish::new(self.topic, payload) };
        let packet_id = Some(self.packet_id).filter(|_| self.qos > QoS::AtMostOnce);
        Publish { qos: self.qos, packet_id, ..publish }.into()
    }

    fn release(&mut self) -> Packet {
        self.pubrels_sent += 1;
        Packet::Ack(Ack::new(AckKind::PubRel, self.packet_id, ReasonCode::Success))
    }
}

/// Topics to which clients publish. Wills have other topics.
const TOPICS: [&str; 5] = ["t/a", "t/b", "s/a", "r/a", "r/b"];

/// Maximum number of unacknowledged messages per client.
const UNACKNOWLEDGED_MAX: usize = 6;
