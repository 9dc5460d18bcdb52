//! Models the packets from a client, mainly PUBLISH and PUBREL: sections 4.3 and 4.9 of MQTT 5, from the view of the
//! receiver.

use std::rc::Rc;

use tidegate_mqtt::{AckKind, Packet, PacketId, Publish, QoS, ReasonCode};
use tidegate_session::Overflow;

use super::connection::Reply;
use super::message::Message;
use super::outbound::Verdict;
use super::{Model, Situation};

impl Model {
    /// Handles packets from a client. Packets after one that ends the connection are ignored.
    pub(in crate::clients) fn send(&mut self, client: usize, packets: &[Packet]) {
        for packet in packets {
            if self.connection(client).is_some() {
                self.handle(client, packet);
            }
        }
        if self.connection(client).is_some() {
            self.connection_mut(client).last_activity = self.now;
        }
        self.apply_side_effects();
    }

    fn handle(&mut self, client: usize, packet: &Packet) {
        match packet {
            Packet::Publish(publish) => self.receive(client, publish),
            Packet::Ack(ack) if ack.kind == AckKind::PubRel => {
                self.receive_release(client, ack.packet_id.get())
            }
            Packet::Ack(ack) => self.acknowledge(client, ack),
            Packet::Subscribe(subscribe) => self.subscribe(client, subscribe),
            Packet::Unsubscribe(unsubscribe) => self.unsubscribe(client, unsubscribe),
            Packet::PingReq => {
                self.connection_mut(client).replies.push_back(Reply::Exactly(Packet::PingResp));
            }
            Packet::Disconnect(disconnect) => self.disconnect(client, disconnect),
            // A second CONNECT is a protocol violation [MQTT5-3.1.0-2].
            _ => self.violate(client, ReasonCode::ProtocolError),
        }
    }

    fn receive(&mut self, client: usize, publish: &Publish) {
        let id = publish.packet_id.map_or(0, PacketId::get);
        if publish.qos == QoS::ExactlyOnce {
            self.situations.note(Situation::InboundQoS2);
            if !self.count_qos_2(client, id) {
                self.situations.note(Situation::InboundTooMany);
                return self.violate(client, ReasonCode::ReceiveMaximumExceeded);
            }
            let received = &mut self.session_mut(client).received;
            if received.contains_key(&id) {
                self.situations.note(Situation::InboundRepeat);
                return self.connection_mut(client).expect_ack(AckKind::PubRec, id, &[ReasonCode::Success]);
            }
            received.insert(id, publish.clone());
        }
        self.account.totals.messages_received += 1;
        let version = self.connection_mut(client).version;
        let frame = self.is_copyable(publish).then_some(version);
        let message = Rc::new(Message::from_publish(publish, client, self.now));
        let verdicts = self.publish(&message, frame);
        self.answer_publish(client, publish.qos, id, &verdicts);
    }

    /// Returns whether the broker may copy the frame of this PUBLISH unchanged to receivers.
    fn is_copyable(&self, publish: &Publish) -> bool {
        let rejects = self.queue.is_some_and(|queue| queue.overflow == Overflow::Reject);
        let is_plain = !publish.dup && !publish.retain && publish.properties.expiry.is_none();
        is_plain && !rejects && publish.qos == QoS::AtLeastOnce && publish.payload.len() <= COPIED_PAYLOAD_MAX
    }

    /// Counts a QoS 2 message against the broker's Receive Maximum, once per connection. Returns false if the message
    /// exceeds Receive Maximum. `[MQTT5-3.3.4-7]`
    fn count_qos_2(&mut self, client: usize, id: u16) -> bool {
        let maximum = usize::from(self.receive_maximum);
        let is_known = self.session_mut(client).received.contains_key(&id);
        let connection = self.connection_mut(client);
        let is_quota_full = connection.version.is_v5() && connection.counted_packet_ids.len() >= maximum;
        if connection.counted_packet_ids.contains(&id) {
            return true;
        }
        if is_quota_full {
            return false;
        }
        connection.counted_packet_ids.insert(id);
        self.situations.note_if(is_known, Situation::InboundRepeatAfterResume);
        true
    }

    /// Records the acknowledgement that the publisher must receive. `[MQTT5-4.3.2-4]` `[MQTT5-4.3.3-8]`
    /// `[MQTT5-4.3.3-9]`
    fn answer_publish(&mut self, client: usize, qos: QoS, id: u16, verdicts: &[Verdict]) {
        let is_refused = !verdicts.is_empty() && verdicts.iter().all(|verdict| *verdict == Verdict::Rejected);
        let reasons: &[ReasonCode] = match verdicts {
            [] => &[ReasonCode::Success, ReasonCode::NoMatchingSubscribers],
            _ if is_refused => &[ReasonCode::QuotaExceeded],
            _ => &[ReasonCode::Success],
        };
        let kind = match qos {
            QoS::AtMostOnce => return,
            QoS::AtLeastOnce => AckKind::PubAck,
            QoS::ExactlyOnce => AckKind::PubRec,
        };
        self.situations.note_if(verdicts.is_empty(), Situation::NoMatchingSubscription);
        self.situations.note_if(is_refused, Situation::PublisherRefused);
        if is_refused && kind == AckKind::PubRec {
            self.session_mut(client).received.remove(&id);
            self.connection_mut(client).counted_packet_ids.remove(&id);
        }
        self.connection_mut(client).expect_ack(kind, id, reasons);
    }

    /// Handles a PUBREL, after which the packet identifier is free for another message. `[MQTT5-4.3.3-11]`
    /// `[MQTT5-4.3.3-12]`
    fn receive_release(&mut self, client: usize, id: u16) {
        let was_open = self.session_mut(client).received.remove(&id).is_some();
        let (situation, reason) = match was_open {
            true => (Situation::InboundReleased, ReasonCode::Success),
            false => (Situation::InboundReleaseUnknown, ReasonCode::PacketIdentifierNotFound),
        };
        self.situations.note(situation);
        let connection = self.connection_mut(client);
        connection.counted_packet_ids.remove(&id);
        connection.expect_ack(AckKind::PubComp, id, &[reason]);
    }
}

/// Maximum payload size, in bytes, of the frames that the broker copies unchanged.
const COPIED_PAYLOAD_MAX: usize = 1024;
