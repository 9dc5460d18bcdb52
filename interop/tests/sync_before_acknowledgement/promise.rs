//! The promises in the packets that the broker sends: an acknowledgement promises that something is stored.

use std::fmt;

use tidegate_mqtt::{Ack, AckKind, ConnAck, Connect, Packet, PacketId, PacketType, QoS};

use crate::conversation::Conversation;

/// A sent packet that promises that something is stored, so the broker may send it only after a commit.
pub struct Promise {
    /// The name of the packet.
    pub packet: &'static str,
    /// The trace line where the request that the packet answers had been read.
    pub request_line: usize,
    /// The trace line where the write of the packet started.
    pub response_line: usize,
    /// Byte sequences that the pages of the commit must contain.
    pub expected_bytes: Vec<Vec<u8>>,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected_bytes: Vec<_> =
            self.expected_bytes.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
        write!(
            f,
            "{} at line {}, requested at line {}: {expected_bytes:?}",
            self.packet, self.response_line, self.request_line
        )
    }
}

/// The promises in one conversation with a client that has a persistent session.
pub fn promises(conversation: &Conversation) -> Vec<Promise> {
    let promise = |(line, packet): &(usize, Packet)| {
        let (request_line, expected_bytes) = conversation.promise_of(*line, packet)?;
        Some(Promise {
            packet: packet.packet_type().name(),
            request_line,
            response_line: *line,
            expected_bytes,
        })
    };
    conversation.sent.iter().filter_map(promise).collect()
}

impl Conversation {
    /// The trace line of the request and the bytes that the commit must contain; `None` for a packet that promises nothing.
    fn promise_of(&self, line: usize, packet: &Packet) -> Option<(usize, Vec<Vec<u8>>)> {
        match packet {
            Packet::ConnAck(connack) => self.session(connack),
            // The broker sends a QoS 2 message only after it has stored the sender's packet id and the receiver's queue entry. The sender
            // may be another client, so any earlier commit counts.
            Packet::Publish(publish) if publish.qos == QoS::ExactlyOnce => {
                Some((0, vec![publish.payload.to_vec()]))
            }
            Packet::Ack(ack) if !ack.reason.is_error() => self.acknowledged(line, ack),
            Packet::SubAck(suback) => self.subscribed(line, suback.packet_id),
            Packet::UnsubAck(unsuback) => self.unsubscribed(line, unsuback.packet_id),
            _ => None,
        }
    }

    /// CONNACK promises that a new persistent session is stored.
    fn session(&self, connack: &ConnAck) -> Option<(usize, Vec<Vec<u8>>)> {
        let (line, Packet::Connect(connect)) = self.received.first()? else { return None };
        let is_new =
            !connack.session_present && !connack.reason.is_error() && has_persistent_session(connect);
        is_new.then(|| (*line, vec![connect.client_id.clone().into_bytes()]))
    }

    /// PUBACK and PUBREC promise that the message is stored, PUBCOMP that the packet id is released, PUBREL that PUBREC is stored.
    fn acknowledged(&self, line: usize, ack: &Ack) -> Option<(usize, Vec<Vec<u8>>)> {
        match ack.kind {
            AckKind::PubAck => self.published(line, ack.packet_id, QoS::AtLeastOnce),
            AckKind::PubRec => self.published(line, ack.packet_id, QoS::ExactlyOnce),
            AckKind::PubComp => self.previous_step(line, ack.packet_id, PacketType::PubRel),
            AckKind::PubRel => self.previous_step(line, ack.packet_id, PacketType::PubRec),
        }
    }

    fn published(&self, line: usize, packet_id: PacketId, qos: QoS) -> Option<(usize, Vec<Vec<u8>>)> {
        self.request(line, |packet| match packet {
            Packet::Publish(publish) if publish.packet_id == Some(packet_id) && publish.qos == qos => {
                Some(vec![publish.payload.to_vec()])
            }
            _ => None,
        })
    }

    fn subscribed(&self, line: usize, packet_id: PacketId) -> Option<(usize, Vec<Vec<u8>>)> {
        self.request(line, |packet| match packet {
            Packet::Subscribe(subscribe) if subscribe.packet_id == packet_id => {
                let filters = subscribe.filters.iter().filter_map(|entry| entry.filter.as_ref().ok());
                Some(filters.map(|filter| filter.to_string().into_bytes()).collect())
            }
            _ => None,
        })
    }

    fn unsubscribed(&self, line: usize, packet_id: PacketId) -> Option<(usize, Vec<Vec<u8>>)> {
        self.request(line, |packet| match packet {
            Packet::Unsubscribe(unsubscribe) => (unsubscribe.packet_id == packet_id).then(Vec::new),
            _ => None,
        })
    }

    fn previous_step(
        &self,
        line: usize,
        packet_id: PacketId,
        kind: PacketType,
    ) -> Option<(usize, Vec<Vec<u8>>)> {
        self.request(line, |packet| match packet {
            Packet::Ack(ack) => (ack.packet_id == packet_id && packet.packet_type() == kind).then(Vec::new),
            _ => None,
        })
    }

    /// The last request before `line` that `matching` accepts; panics if there is none.
    fn request(
        &self,
        line: usize,
        matching: impl Fn(&Packet) -> Option<Vec<Vec<u8>>>,
    ) -> Option<(usize, Vec<Vec<u8>>)> {
        let before = self.received.iter().rev().filter(|(request_line, _)| *request_line < line);
        let found =
            before.filter_map(|(request_line, packet)| Some((*request_line, matching(packet)?))).next();
        Some(found.unwrap_or_else(|| panic!("the broker answers at line {line}, but there is no request")))
    }
}

fn has_persistent_session(connect: &Connect) -> bool {
    if connect.version.is_v5() { connect.session_expiry.unwrap_or(0) > 0 } else { !connect.clean_start }
}
