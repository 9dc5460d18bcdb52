//! Compares the packets that the client reads with the messages that were pushed.

use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, Packet, Publish, QoS};

use super::encoded::PUBLISHER_PACKET_ID_MIN;
use super::{MessageState, OpenMessage, Outbound, number};
use crate::session::harness::OpenConnection;

impl Outbound {
    /// Checks the packets that the session has written.
    pub(in crate::session) fn read(
        &mut self,
        packets: &[(Packet, usize)],
        connection: &OpenConnection,
        now: Instant,
    ) {
        for (packet, _) in packets {
            match packet {
                Packet::Publish(publish) => {
                    assert!(connection.resumed, "PUBLISH before the session is resumed");
                    self.read_publish(publish, connection.negotiated.version.is_v5(), now);
                }
                Packet::Ack(ack) if ack.kind == AckKind::PubRel => self.read_release(ack),
                _ => {}
            }
        }
        let (sent_on_connection, maximum) =
            (self.sent_on_connection(), usize::from(connection.negotiated.receive_maximum));
        assert!(
            sent_on_connection <= maximum,
            "{sent_on_connection} messages are in flight, the client accepts {maximum}"
        );
    }

    fn read_publish(&mut self, publish: &Publish, is_v5: bool, now: Instant) {
        let number = number(&publish.payload);
        self.check_content(number, publish, is_v5);
        match publish.packet_id.map(|id| id.get()) {
            None => self.change_state(number, MessageState::Waiting, MessageState::Delivered),
            Some(id) if publish.dup => self.read_again(number, id),
            Some(id) => self.read_first(number, id, now),
        }
    }

    fn read_first(&mut self, number: usize, id: u16, now: Instant) {
        while !self.resends.is_empty() {
            self.drop_next_resend();
        }
        self.change_state(number, MessageState::Waiting, MessageState::Open);
        assert!(self.newest_sent < Some(number), "message {number} comes after {:?}", self.newest_sent);
        self.newest_sent = Some(number);
        assert!(!self.messages[number].message.is_expired(now), "an expired message");
        assert!(id < PUBLISHER_PACKET_ID_MIN, "the packet identifier {id} is that of the publisher");
        let before = self.open.insert(id, OpenMessage { number, released: None, counted: true });
        assert!(before.is_none(), "packet identifier {id} is in use twice");
    }

    fn read_again(&mut self, number: usize, id: u16) {
        while self.resends.front().is_some_and(|next| *next != id) {
            self.drop_next_resend();
        }
        assert_eq!(self.resends.pop_front(), Some(id), "a PUBLISH is resent that must not be");
        let open = self.open.get_mut(&id).expect("an open identifier");
        assert_eq!(
            (open.number, open.released, open.counted),
            (number, None, false),
            "another message is resent"
        );
        open.counted = true;
    }

    fn read_release(&mut self, ack: &Ack) {
        let expected = self.releases.pop_front();
        assert_eq!(Some((ack.packet_id.get(), ack.reason)), expected, "PUBREL");
    }

    fn check_content(&self, number: usize, publish: &Publish, is_v5: bool) {
        let pushed = &self.messages[number];
        assert_eq!(
            pushed.session_number, self.session_number,
            "message {number} belongs to a session that has ended"
        );
        let received = (publish.topic.as_str(), publish.qos, publish.retain, &publish.payload[..]);
        let expected = (pushed.message.topic(), pushed.qos, pushed.retain, pushed.message.payload());
        assert_eq!(received, expected, "message {number} was changed");
        let subscription_identifiers = if is_v5 { pushed.subscription_identifiers } else { &[] };
        assert_eq!(publish.properties.subscription_identifiers, subscription_identifiers);
        let expires = pushed.message.expires_at().is_some();
        assert_eq!(publish.properties.expiry.is_some(), is_v5 && expires);
        assert!(publish.qos != QoS::AtMostOnce || !publish.dup);
    }

    fn change_state(&mut self, number: usize, from: MessageState, to: MessageState) {
        let pushed = &mut self.messages[number];
        assert_eq!(pushed.state, from, "message {number} is sent once more");
        pushed.state = to;
    }
}
