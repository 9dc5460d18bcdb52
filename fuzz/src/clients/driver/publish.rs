//! PUBLISH and PUBREL of a client, also repeated.

use bytes::Bytes;
use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, Publish, QoS, ReasonCode};

use super::{Driver, TOPICS, is_v5};
use crate::clients::model::Model;

impl Driver {
    /// A new message, or a QoS 2 message once more, on the same connection or after a resume.
    pub(super) fn publish(&mut self, client: usize, model: &Model) -> Packet {
        let received = &model.session(client).expect("the client is connected").received;
        let open: Vec<_> = received.values().collect();
        if !open.is_empty() && self.random.chance(20) {
            let publish = open[self.random.below(open.len())];
            return Publish { dup: true, ..publish.clone() }.into();
        }
        let mut publish = self.message();
        if is_v5(client, model) {
            self.set_properties(&mut publish);
        }
        // Too many open messages are a violation, which should be rare.
        let is_full = open.len() >= usize::from(self.receive_maximum) && !self.random.chance(50);
        if publish.qos == QoS::ExactlyOnce && is_full {
            publish.qos = QoS::AtLeastOnce;
        }
        publish.packet_id = match publish.qos {
            QoS::AtMostOnce => None,
            QoS::AtLeastOnce => PacketId::new(1000),
            QoS::ExactlyOnce => (1..=u16::MAX).find(|id| !received.contains_key(id)).and_then(PacketId::new),
        };
        publish.into()
    }

    /// Several messages at once, of QoS 0 and 1. The broker may deliver consecutive messages of one topic together. If a shared
    /// subscription matches, that changes which of its members get them, so then the next message has another topic.
    pub(super) fn publish_several(&mut self, client: usize, model: &Model) -> Vec<Packet> {
        let mut packets = Vec::new();
        let mut last_topic = String::new();
        for id in 0..2 + self.random.below(6) {
            let mut publish = self.message();
            if is_v5(client, model) {
                self.set_properties(&mut publish);
            }
            publish.retain = false;
            publish.qos = publish.qos.min(QoS::AtLeastOnce);
            publish.packet_id = PacketId::new(1000 + id as u16).filter(|_| publish.qos > QoS::AtMostOnce);
            if publish.topic == last_topic && !model.shares_of(&last_topic).is_empty() {
                continue;
            }
            last_topic.clone_from(&publish.topic);
            packets.push(publish.into());
            if self.random.chance(10) {
                packets.push(Packet::PingReq);
            }
        }
        packets
    }

    /// A message without properties. If it is to be retained, it may be empty, so that it removes another one.
    fn message(&mut self) -> Publish {
        let mut publish = Publish::new(self.random.pick(&TOPICS), Bytes::new());
        publish.qos = self.random.pick(&QUALITIES);
        publish.retain = self.random.chance(25);
        let removes = publish.retain && self.random.chance(20);
        if !removes {
            publish.payload = self.payload();
        }
        publish
    }

    fn set_properties(&mut self, publish: &mut Publish) {
        let expiry = self.random.pick(&[Some(0), Some(1), Some(3), Some(20), Some(60)]);
        publish.properties.expiry = expiry.filter(|_| self.may_expire && self.random.chance(35));
        let content_type = self.random.chance(20).then(|| format!("type/{}", self.last_message));
        publish.properties.content_type = content_type;
    }

    /// PUBREL of an open message, rarely of none.
    pub(super) fn release(&mut self, client: usize, model: &Model) -> Packet {
        let received = &model.session(client).expect("the client is connected").received;
        let open: Vec<u16> = received.keys().copied().collect();
        let id = if open.is_empty() || self.random.chance(5) { 77 } else { self.random.pick(&open) };
        let packet_id = PacketId::new(id).expect("not 0");
        Ack::new(AckKind::PubRel, packet_id, ReasonCode::Success).into()
    }

    /// A payload that no other message has; sometimes one that is too large to be copied.
    pub(super) fn payload(&mut self) -> Bytes {
        self.last_message += 1;
        let width = if self.random.chance(3) { 1500 } else { 1 };
        Bytes::from(format!("#{:<width$}", self.last_message))
    }
}

const QUALITIES: [QoS; 4] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
