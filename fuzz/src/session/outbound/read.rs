//! What the client reads, held against what was pushed.

use std::time::Instant;

use tidegate_mqtt::{Ack, AckKind, Packet, Publish, QoS};

use super::encoded::FOREIGN_MIN;
use super::{Fate, Open, Outbound, number};
use crate::session::world::Link;

impl Outbound {
    /// Takes note of packets that have become pending.
    pub(in crate::session) fn read(&mut self, packets: &[(Packet, usize)], link: &Link, now: Instant) {
        for (packet, _) in packets {
            match packet {
                Packet::Publish(publish) => {
                    assert!(link.resumed, "a message before the session is resumed");
                    self.read_publish(publish, link.negotiated.version.is_v5(), now);
                }
                Packet::Ack(ack) if ack.kind == AckKind::PubRel => self.read_release(ack),
                _ => {}
            }
        }
        let (in_use, maximum) = (self.in_use(), usize::from(link.negotiated.receive_maximum));
        assert!(in_use <= maximum, "{in_use} messages are open, the client takes {maximum}");
    }

    fn read_publish(&mut self, publish: &Publish, is_five: bool, now: Instant) {
        let number = number(&publish.payload);
        self.check_content(number, publish, is_five);
        match publish.packet_id.map(|id| id.get()) {
            None => self.move_on(number, Fate::Waiting, Fate::Delivered),
            Some(id) if publish.dup => self.read_again(number, id),
            Some(id) => self.read_first(number, id, now),
        }
    }

    fn read_first(&mut self, number: usize, id: u16, now: Instant) {
        while !self.resends.is_empty() {
            self.give_up_resend();
        }
        self.move_on(number, Fate::Waiting, Fate::Open);
        assert!(self.newest < Some(number), "message {number} comes after {:?}", self.newest);
        self.newest = Some(number);
        assert!(!self.messages[number].message.is_expired(now), "an expired message");
        assert!(id < FOREIGN_MIN, "the packet identifier {id} is the publisher's");
        let before = self.open.insert(id, Open { number, released: None, counted: true });
        assert!(before.is_none(), "packet identifier {id} is in use twice");
    }

    fn read_again(&mut self, number: usize, id: u16) {
        while self.resends.front().is_some_and(|next| *next != id) {
            self.give_up_resend();
        }
        assert_eq!(self.resends.pop_front(), Some(id), "a PUBLISH is resent that need not be");
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
        assert_eq!(Some((ack.packet_id.get(), ack.reason)), expected, "another PUBREL than expected");
    }

    fn check_content(&self, number: usize, publish: &Publish, is_five: bool) {
        let pushed = &self.messages[number];
        assert_eq!(pushed.incarnation, self.incarnation, "message {number} is of a session that ended");
        let of_wire = (publish.topic.as_str(), publish.qos, publish.retain, &publish.payload[..]);
        let of_message = (pushed.message.topic(), pushed.qos, pushed.retain, pushed.message.payload());
        assert_eq!(of_wire, of_message, "message {number} was changed");
        let identifiers = if is_five { pushed.identifiers } else { &[] };
        assert_eq!(publish.properties.identifiers, identifiers);
        let expires = pushed.message.expires_at().is_some();
        assert_eq!(publish.properties.expiry.is_some(), is_five && expires);
        assert!(publish.qos != QoS::AtMostOnce || !publish.dup);
    }

    fn move_on(&mut self, number: usize, from: Fate, to: Fate) {
        let pushed = &mut self.messages[number];
        assert_eq!(pushed.fate, from, "message {number} comes once more");
        pushed.fate = to;
    }
}
