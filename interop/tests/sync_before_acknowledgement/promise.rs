//! The promises in the packets that the broker sends. For example, PUBACK promises that the message is stored.

use std::fmt;

use tidegate_mqtt::{Ack, AckKind, ConnAck, Connect, Packet, PacketId, PacketType, QoS};

use crate::conversation::Conversation;

/// A sent packet that promises that certain data is stored, so that the broker may send the packet only after a commit.
pub struct Promise {
    /// The name of the packet type, such as `PUBACK`.
    pub packet: &'static str,
    /// The trace line where the broker had read the request that the packet answers.
    pub request_line: usize,
    /// The trace line where the broker started to write the packet.
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

/// Returns the promises that the broker makes in one conversation with a client that has a persistent session.
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
    /// Returns the trace line of the request and the bytes that the commit must contain, or `None` for a packet that
    /// promises nothing.
    fn promise_of(&self, line: usize, packet: &Packet) -> Option<(usize, Vec<Vec<u8>>)> {
        match packet {
            Packet::ConnAck(connack) => self.connack_promise(connack),
            // The broker sends a QoS 2 message only after it has stored the sender's packet identifier and the
            // receiver's queue entry. The sender may be another client, so the request line is 0, which allows any
            // earlier commit.
            Packet::Publish(publish) if publish.qos == QoS::ExactlyOnce => {
                Some((0, vec![publish.payload.to_vec()]))
            }
            Packet::Ack(ack) if !ack.reason.is_error() => self.ack_promise(line, ack),
            Packet::SubAck(suback) => self.suback_promise(line, suback.packet_id),
            Packet::UnsubAck(unsuback) => self.unsuback_promise(line, unsuback.packet_id),
            _ => None,
        }
    }

    /// Returns what a CONNACK promises to be stored: a new persistent session is stored.
    fn connack_promise(&self, connack: &ConnAck) -> Option<(usize, Vec<Vec<u8>>)> {
        let (line, Packet::Connect(connect)) = self.received.first()? else { return None };
        let is_new =
            !connack.session_present && !connack.reason.is_error() && has_persistent_session(connect);
        is_new.then(|| (*line, vec![connect.client_id.clone().into_bytes()]))
    }

    /// Returns what an acknowledgement promises to be stored. PUBACK and PUBREC promise that the message is stored,
    /// PUBCOMP that the release of the packet identifier is stored, and PUBREL that the receipt of PUBREC is stored.
    fn ack_promise(&self, line: usize, ack: &Ack) -> Option<(usize, Vec<Vec<u8>>)> {
        match ack.kind {
            AckKind::PubAck => self.publish_promise(line, ack.packet_id, QoS::AtLeastOnce),
            AckKind::PubRec => self.publish_promise(line, ack.packet_id, QoS::ExactlyOnce),
            AckKind::PubComp => self.previous_step_promise(line, ack.packet_id, PacketType::PubRel),
            AckKind::PubRel => self.previous_step_promise(line, ack.packet_id, PacketType::PubRec),
        }
    }

    fn publish_promise(&self, line: usize, packet_id: PacketId, qos: QoS) -> Option<(usize, Vec<Vec<u8>>)> {
        self.find_request(line, |packet| match packet {
            Packet::Publish(publish) if publish.packet_id == Some(packet_id) && publish.qos == qos => {
                Some(vec![publish.payload.to_vec()])
            }
            _ => None,
        })
    }

    fn suback_promise(&self, line: usize, packet_id: PacketId) -> Option<(usize, Vec<Vec<u8>>)> {
        self.find_request(line, |packet| match packet {
            Packet::Subscribe(subscribe) if subscribe.packet_id == packet_id => {
                let filters = subscribe.filters.iter().filter_map(|entry| entry.filter.as_ref().ok());
                Some(filters.map(|filter| filter.to_string().into_bytes()).collect())
            }
            _ => None,
        })
    }

    fn unsuback_promise(&self, line: usize, packet_id: PacketId) -> Option<(usize, Vec<Vec<u8>>)> {
        self.find_request(line, |packet| match packet {
            Packet::Unsubscribe(unsubscribe) => (unsubscribe.packet_id == packet_id).then(Vec::new),
            _ => None,
        })
    }

    fn previous_step_promise(
        &self,
        line: usize,
        packet_id: PacketId,
        kind: PacketType,
    ) -> Option<(usize, Vec<Vec<u8>>)> {
        self.find_request(line, |packet| match packet {
            Packet::Ack(ack) => (ack.packet_id == packet_id && packet.packet_type() == kind).then(Vec::new),
            _ => None,
        })
    }

    /// Returns the last request before `line` that `matching` accepts, as its trace line and the bytes that `matching`
    /// returned. Panics if there is no such request.
    fn find_request(
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
