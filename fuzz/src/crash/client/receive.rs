//! Handles the packets from the broker.

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Ack, AckKind, ConnAck, Packet, Publish, QoS, ReasonCode};

use super::{Client, Expected};
use crate::crash::promises::{Delivery, MessageNumber, Promises};
use crate::crash::situation::{Situation, Situations};
use crate::crash::trace::{Trace, describe_packet};

impl Client {
    /// Reads bytes from the broker. Returns the bytes that the client sends immediately.
    pub(in crate::crash) fn read(
        &mut self,
        bytes: &[u8],
        promises: &mut Promises,
        situations: &mut Situations,
        trace: &mut Trace,
    ) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.partial_packet);
        buffer.extend_from_slice(bytes);
        let mut rest = buffer.as_slice();
        let mut sent = Vec::new();
        while let Next::Frame(frame) = frame::next(rest, self.version, PACKET_SIZE_MAX).expect("a good frame")
        {
            let packet = Packet::decode(&frame, self.version).expect("a good packet");
            trace.note(|| format!("        c{} reads {}", self.index, describe_packet(&packet)));
            sent.extend(self.handle(packet, promises, situations));
            rest = &rest[frame.wire.len()..];
        }
        self.partial_packet = rest.to_vec();
        self.encode(sent)
    }

    fn handle(
        &mut self,
        packet: Packet,
        promises: &mut Promises,
        situations: &mut Situations,
    ) -> Vec<Packet> {
        assert!(self.is_open || matches!(packet, Packet::ConnAck(_)), "a packet before CONNACK: {packet:?}");
        match packet {
            Packet::ConnAck(connack) => return self.handle_connack(&connack, promises, situations),
            Packet::Publish(publish) => self.handle_publish(&publish, promises, situations),
            Packet::Ack(ack) if ack.kind == AckKind::PubRel => self.handle_pubrel(&ack),
            Packet::Ack(ack) => self.handle_ack(promises, &ack),
            Packet::SubAck(suback) => self.handle_suback(promises, suback.packet_id, &suback.reasons),
            Packet::UnsubAck(unsuback) => self.handle_unsuback(promises, unsuback.packet_id),
            Packet::Disconnect(_) => {}
            other => panic!("the broker sends {other:?}"),
        }
        Vec::new()
    }

    /// Handles CONNACK.
    fn handle_connack(
        &mut self,
        connack: &ConnAck,
        promises: &mut Promises,
        situations: &mut Situations,
    ) -> Vec<Packet> {
        assert_eq!(connack.reason, ReasonCode::Success);
        let found = if connack.session_present { Expected::Present } else { Expected::Absent };
        let is_right = self.expected == Expected::Either || self.expected == found;
        assert!(is_right, "CONNACK says that the session is {found:?}, which must be {:?}", self.expected);
        self.is_open = true;
        self.must_start_clean = false;
        self.confirm_wills(promises);
        if found == Expected::Absent {
            self.forget_session();
            promises.session_began(self.index);
        }
        self.abandoned.drain(..).for_each(|number| promises.abandoned(number));
        situations.note_if(!self.outgoing.is_empty(), Situation::ClientRetransmitted);
        situations.note_if(found == Expected::Present, Situation::Resumed);
        self.retransmit()
    }

    fn handle_publish(&mut self, publish: &Publish, promises: &mut Promises, situations: &mut Situations) {
        let payload = std::str::from_utf8(&publish.payload).expect("a text");
        let delivery =
            Delivery { qos: publish.qos, is_replay: publish.retain, is_stored: self.session_expiry > 0 };
        let Some(id) = publish.packet_id else { return self.record_delivery(payload, &delivery, promises) };
        if publish.qos == QoS::AtLeastOnce {
            self.unsent_acks.push(Packet::Ack(Ack::new(AckKind::PubAck, id, ReasonCode::Success)));
            return self.record_delivery(payload, &delivery, promises);
        }
        self.unsent_acks.push(Packet::Ack(Ack::new(AckKind::PubRec, id, ReasonCode::Success)));
        if let Some(unreleased) = self.unreleased.get(&id) {
            // The packet identifier is not released yet, so the PUBLISH is a retransmission.
            assert_eq!(unreleased, payload, "packet identifier {id} is in use by another message");
            situations.note(Situation::QoS2Retransmitted);
            return;
        }
        self.unreleased.insert(id, payload.to_owned());
        situations.note(Situation::QoS2Received);
        self.record_delivery(payload, &delivery, promises);
    }

    fn record_delivery(&self, payload: &str, delivery: &Delivery, promises: &mut Promises) {
        // The payload of a message that removes a retained message is empty, so the message has no number.
        if let Ok(number) = payload.parse() {
            promises.delivered(self.index, MessageNumber(number), delivery);
        }
    }

    fn handle_pubrel(&mut self, ack: &Ack) {
        let is_held = self.unreleased.remove(&ack.packet_id).is_some();
        let reason = if is_held { ReasonCode::Success } else { ReasonCode::PacketIdentifierNotFound };
        self.unsent_acks.push(Packet::Ack(Ack::new(AckKind::PubComp, ack.packet_id, reason)));
    }
}
