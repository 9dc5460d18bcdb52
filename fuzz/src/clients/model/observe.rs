//! What a client hears, held against what it has to hear.

use tidegate_mqtt::{Packet, Publish, QoS};

use super::message::Owed;
use super::{Model, Situation};
use crate::clients::broker::ConnectionId;
use crate::clients::words;

impl Model {
    /// A client hears a packet on its connection.
    pub(super) fn observe_reply(&mut self, id: ConnectionId, packet: &Packet) {
        let connection = self.connections.get_mut(&id).expect("a connection with something to hear");
        let Some(expected) = connection.replies.pop_front() else {
            panic!("c{} hears {}, which nobody asked for", connection.client, words::packet(packet))
        };
        let client = connection.client;
        assert!(expected.fits(packet), "c{client} hears {} rather than {expected:?}", words::packet(packet));
        connection.greeted = true;
    }

    /// A client hears a packet on its connection.
    pub(in crate::clients) fn observe(&mut self, id: ConnectionId, packet: &Packet) {
        let Packet::Publish(publish) = packet else { return self.observe_reply(id, packet) };
        let connection = &self.connections[&id];
        let client = connection.client;
        assert!(connection.greeted, "c{client} hears PUBLISH before CONNACK [MQTT5-3.2.0-1]");
        assert!(!connection.over, "c{client} hears PUBLISH when its connection is over");
        if publish.dup {
            self.observe_again(client, publish)
        } else {
            self.observe_first(id, client, publish)
        }
    }

    /// A message that was sent before: only after a resume, in order, with its identifier. `[MQTT5-4.4.0-1]`
    /// `[MQTT5-3.3.1-1]` `[MQTT5-4.6.0-1]`
    fn observe_again(&mut self, client: usize, publish: &Publish) {
        let now = self.now;
        let session = self.session_mut(client);
        let version = session.version;
        let expected = session.outbound.due_again.pop_front();
        let packet_id = publish.packet_id.map(tidegate_mqtt::PacketId::get);
        assert_eq!(packet_id, expected, "what c{client} hears again [MQTT5-4.4.0-1]");
        let flight = expected.and_then(|id| session.outbound.flights.get_mut(&id));
        let Some(flight) = flight.filter(|flight| flight.owed.fits(publish, version, now)) else {
            panic!("c{client} hears {} again, which was different", words::publish(publish))
        };
        flight.counted = true;
    }

    fn observe_first(&mut self, id: ConnectionId, client: usize, publish: &Publish) {
        let owed = self.take_due(client, publish).or_else(|| self.take_replayed(id, publish));
        let Some(owed) = owed else {
            let due = &self.sessions[&client].outbound.due;
            panic!("c{client} hears {}; what is due: {due:#?}", words::publish(publish))
        };
        let has_aged = owed.message.expires_at.is_some() && publish.properties.expiry < Some(5);
        self.seen.note_if(has_aged, Situation::ExpiryCountedDown);
        match publish.packet_id {
            Some(packet_id) => self.session_mut(client).outbound.fly(packet_id.get(), owed),
            None => self.account.delivered += 1,
        }
        assert_eq!(publish.packet_id.is_some(), publish.qos != QoS::AtMostOnce);
    }

    /// Takes the copy that `publish` is, if it is the next of its topic and QoS.
    fn take_due(&mut self, client: usize, publish: &Publish) -> Option<Owed> {
        let now = self.now;
        let session = self.session_mut(client);
        let place = session.outbound.next_of(publish)?;
        let fits = session.outbound.due[place].fits(publish, session.version, now);
        fits.then(|| session.outbound.due.remove(place))
    }
}
