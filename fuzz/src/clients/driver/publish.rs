//! Chooses the PUBLISH and PUBREL packets of a client, including repeated ones.

use bytes::Bytes;
use tidegate_mqtt::{Ack, AckKind, Packet, PacketId, Publish, QoS, ReasonCode};

use super::{Driver, TOPICS, is_v5};
use crate::clients::model::Model;

impl Driver {
    /// Chooses a new message, or an earlier QoS 2 message that the client sends again, on the same connection or after
    /// a resume.
    pub(super) fn next_publish(&mut self, client: usize, model: &Model) -> Packet {
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
        // Exceeding the Receive Maximum is a protocol violation, which should be rare.
        let is_quota_full = open.len() >= usize::from(self.receive_maximum) && !self.random.chance(50);
        if publish.qos == QoS::ExactlyOnce && is_quota_full {
            publish.qos = QoS::AtLeastOnce;
        }
        publish.packet_id = match publish.qos {
            QoS::AtMostOnce => None,
            QoS::AtLeastOnce => PacketId::new(1000),
            QoS::ExactlyOnce => (1..=u16::MAX).find(|id| !received.contains_key(id)).and_then(PacketId::new),
        };
        publish.into()
    }

    /// Chooses several messages of QoS 0 and 1 that the client sends at once. The broker may deliver consecutive
    /// messages of one topic together, which changes the members of a shared subscription that get them. Therefore
    /// consecutive messages have different topics if a shared subscription matches.
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

    /// Makes a message without properties. With RETAIN set, the payload is sometimes empty; such a message deletes the
    /// retained message of its topic.
    fn message(&mut self) -> Publish {
        let mut publish = Publish::new(self.random.pick(&TOPICS), Bytes::new());
        publish.qos = self.random.pick(&QOS_CHOICES);
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

    /// Makes a PUBREL of an open message, or rarely of an unknown one.
    pub(super) fn release(&mut self, client: usize, model: &Model) -> Packet {
        let received = &model.session(client).expect("the client is connected").received;
        let open: Vec<u16> = received.keys().copied().collect();
        let id = if open.is_empty() || self.random.chance(5) { 77 } else { self.random.pick(&open) };
        let packet_id = PacketId::new(id).expect("not 0");
        Ack::new(AckKind::PubRel, packet_id, ReasonCode::Success).into()
    }

    /// Makes a payload that no other message has. Sometimes the payload is so large that the broker does not copy the
    /// frame.
    pub(super) fn payload(&mut self) -> Bytes {
        self.last_message += 1;
        let width = if self.random.chance(3) { 1500 } else { 1 };
        Bytes::from(format!("#{:<width$}", self.last_message))
    }
}

const QOS_CHOICES: [QoS; 4] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
