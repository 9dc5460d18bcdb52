//! Compares the packets that a client receives with the packets that it must receive.

use tidegate_mqtt::{Packet, PacketId, Publish, QoS};

use super::message::MessageCopy;
use super::{Model, Situation};
use crate::clients::core::ConnectionId;
use crate::clients::describe;

impl Model {
    /// Checks a packet that a client receives on its connection.
    pub(in crate::clients) fn observe(&mut self, id: ConnectionId, packet: &Packet) {
        let Packet::Publish(publish) = packet else { return self.observe_reply(id, packet) };
        let connection = &self.connections[&id];
        let client = connection.client;
        assert!(connection.is_accepted, "c{client} receives PUBLISH before CONNACK [MQTT5-3.2.0-1]");
        assert!(!connection.has_ended, "c{client} receives PUBLISH after its connection has ended");
        if publish.dup { self.observe_again(client, publish) } else { self.observe_first(client, publish) }
    }

    fn observe_reply(&mut self, id: ConnectionId, packet: &Packet) {
        let connection = self.connections.get_mut(&id).expect("a connection that may receive packets");
        let Some(expected) = connection.replies.pop_front() else {
            panic!("c{} receives {}, which is not expected", connection.client, describe::packet(packet))
        };
        let client = connection.client;
        let received = describe::packet(packet);
        assert!(expected.matches(packet), "c{client} receives {received} instead of {expected:?}");
        connection.is_accepted = true;
    }

    /// Checks a message that was sent before. The broker may send a message again only after a resume, in order, and
    /// with the same packet identifier. `[MQTT5-4.4.0-1]` `[MQTT5-3.3.1-1]` `[MQTT5-4.6.0-1]`
    fn observe_again(&mut self, client: usize, publish: &Publish) {
        let now = self.now;
        let session = self.session_mut(client);
        let version = session.version;
        let expected = session.outbound.resends_due.pop_front();
        let packet_id = publish.packet_id.map(PacketId::get);
        assert_eq!(packet_id, expected, "the identifier that c{client} receives again [MQTT5-4.4.0-1]");
        let message = expected.and_then(|id| session.outbound.inflight.get_mut(&id));
        let Some(message) = message.filter(|message| message.copy.matches(publish, version, now)) else {
            panic!("c{client} receives {} again, which was different before", describe::publish(publish))
        };
        message.is_counted = true;
    }

    fn observe_first(&mut self, client: usize, publish: &Publish) {
        let copy = self.take_due(client, publish).or_else(|| self.take_replayed(client, publish));
        let Some(copy) = copy else {
            let due = &self.sessions[&client].outbound.due;
            panic!("c{client} receives {}; due are: {due:#?}", describe::publish(publish))
        };
        let has_aged = copy.message.expires_at.is_some() && publish.properties.expiry < Some(5);
        self.situations.note_if(has_aged, Situation::ExpiryCountedDown);
        match publish.packet_id {
            Some(packet_id) => self.session_mut(client).outbound.record_sent(packet_id.get(), copy),
            None => self.account.delivered += 1,
        }
        assert_eq!(publish.packet_id.is_some(), publish.qos != QoS::AtMostOnce);
    }

    /// Removes and returns the due copy that equals `publish`, if it is the next due copy of its topic and QoS.
    fn take_due(&mut self, client: usize, publish: &Publish) -> Option<MessageCopy> {
        let now = self.now;
        let session = self.session_mut(client);
        let index = session.outbound.next_of(publish)?;
        let matches = session.outbound.due[index].matches(publish, session.version, now);
        matches.then(|| session.outbound.due.remove(index))
    }
}
