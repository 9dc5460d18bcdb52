//! Packets of a client, above all its messages: sections 4.3 and 4.9 of MQTT 5, seen from the receiver.

use std::collections::VecDeque;
use std::rc::Rc;

use tidegate_mqtt::{AckKind, Packet, Publish, QoS, ReasonCode};

use super::connection::{Connection, Reply};
use super::message::Message;
use super::outbound::Fate;
use super::{Model, Situation};
use crate::clients::broker::Report;

impl Model {
    pub(super) fn handle(&mut self, client: usize, packet: &Packet, reports: &mut VecDeque<Report>) {
        match packet {
            Packet::Publish(publish) => self.receive(client, publish, reports),
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
            // A second CONNECT [MQTT5-3.1.0-2].
            _ => self.violate(client, ReasonCode::ProtocolError),
        }
    }

    /// The connection of a client that has one.
    pub(super) fn connection_mut(&mut self, client: usize) -> &mut Connection {
        let id = self.session_mut(client).connection.expect("the client is connected");
        self.connections.get_mut(&id).expect("it is open")
    }

    fn receive(&mut self, client: usize, publish: &Publish, reports: &mut VecDeque<Report>) {
        let id = publish.packet_id.map_or(0, tidegate_mqtt::PacketId::get);
        if publish.qos == QoS::ExactlyOnce {
            self.seen.note(Situation::InboundTwo);
            if !self.count(client, id) {
                self.seen.note(Situation::InboundTooMany);
                return self.violate(client, ReasonCode::ReceiveMaximumExceeded);
            }
            let received = &mut self.session_mut(client).received;
            if received.contains_key(&id) {
                self.seen.note(Situation::InboundRepeat);
                return self.connection_mut(client).expect_ack(AckKind::PubRec, id, &[ReasonCode::Success]);
            }
            received.insert(id, publish.clone());
        }
        let serial = self.session_mut(client).serial;
        let message = Rc::new(Message::of_publish(publish, client, serial, self.now));
        let fates = self.publish(&message, reports);
        self.answer(client, publish.qos, id, &fates);
    }

    /// Counts a message at QoS 2 against the broker's Receive Maximum, once a connection; false when it is too much.
    /// `[MQTT5-3.3.4-7]`
    fn count(&mut self, client: usize, id: u16) -> bool {
        let maximum = usize::from(self.receive_maximum);
        let is_known = self.session_mut(client).received.contains_key(&id);
        let connection = self.connection_mut(client);
        let is_full = connection.version.is_v5() && connection.counted.len() >= maximum;
        if connection.counted.contains(&id) {
            return true;
        }
        if is_full {
            return false;
        }
        connection.counted.insert(id);
        self.seen.note_if(is_known, Situation::InboundRepeatAfterResume);
        true
    }

    /// `[MQTT5-4.3.2-4]` `[MQTT5-4.3.3-8]` `[MQTT5-4.3.3-9]`
    fn answer(&mut self, client: usize, qos: QoS, id: u16, fates: &[Fate]) {
        let is_refused = !fates.is_empty() && fates.iter().all(|fate| *fate == Fate::Rejected);
        let reasons: &[ReasonCode] = match fates {
            [] => &[ReasonCode::Success, ReasonCode::NoMatchingSubscribers],
            _ if is_refused => &[ReasonCode::QuotaExceeded],
            _ => &[ReasonCode::Success],
        };
        let kind = match qos {
            QoS::AtMostOnce => return,
            QoS::AtLeastOnce => AckKind::PubAck,
            QoS::ExactlyOnce => AckKind::PubRec,
        };
        self.seen.note_if(fates.is_empty(), Situation::NoMatch);
        self.seen.note_if(is_refused, Situation::PublisherRefused);
        if is_refused && kind == AckKind::PubRec {
            self.session_mut(client).received.remove(&id);
            self.connection_mut(client).counted.remove(&id);
        }
        self.connection_mut(client).expect_ack(kind, id, reasons);
    }

    /// PUBREL: the identifier is free for another message. `[MQTT5-4.3.3-11]` `[MQTT5-4.3.3-12]`
    fn receive_release(&mut self, client: usize, id: u16) {
        let was_open = self.session_mut(client).received.remove(&id).is_some();
        let (situation, reason) = match was_open {
            true => (Situation::InboundReleased, ReasonCode::Success),
            false => (Situation::InboundReleaseUnknown, ReasonCode::PacketIdentifierNotFound),
        };
        self.seen.note(situation);
        let connection = self.connection_mut(client);
        connection.counted.remove(&id);
        connection.expect_ack(AckKind::PubComp, id, &[reason]);
    }
}
