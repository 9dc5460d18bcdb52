//! Methods that publish, check, collect and acknowledge messages.

use super::Client;
use crate::wire::{Packet, PacketType, Publish, Subscribe, ack};

impl Client {
    /// Sends a PUBLISH unchanged, without waiting for an answer.
    pub(crate) async fn send_publish(&mut self, publish: &Publish) {
        self.send(&publish.encode(self.version)).await;
    }

    /// Sends PUBACK (0x40), PUBREC (0x50), PUBREL (0x62) or PUBCOMP (0x70), without waiting for an answer.
    pub(crate) async fn send_ack(&mut self, first: u8, id: u16, code: u8) {
        self.send(&ack(first, id, code)).await;
    }

    /// Receives and acknowledges the next message. Panics unless the message has the given payload.
    pub(crate) async fn expect_message(&mut self, payload: impl AsRef<[u8]>) -> Packet {
        let message = self.receive().await;
        let (received, expected) = (lossy_text(&message.payload), lossy_text(payload.as_ref()));
        assert_eq!(received, expected, "{}: the payload", self.name);
        message
    }

    /// Returns the unread messages that the broker has sent until now, in order of arrival, without acknowledging them.
    pub(crate) async fn drain_messages(&mut self) -> Vec<Packet> {
        self.ping().await;
        self.drain(PacketType::Publish)
    }

    /// Returns the payloads of [`Client::drain_messages`] as text.
    pub(crate) async fn drain_payloads(&mut self) -> Vec<String> {
        self.drain_messages().await.iter().map(|message| lossy_text(&message.payload)).collect()
    }

    /// Returns the next `count` messages without acknowledging them.
    pub(crate) async fn next_messages(&mut self, count: usize) -> Vec<Packet> {
        let mut messages = Vec::with_capacity(count);
        for _ in 0..count {
            messages.push(self.next_message().await);
        }
        messages
    }

    /// Subscribes with the given options byte. Returns the messages that the broker then sends, sorted by topic and
    /// unacknowledged.
    pub(crate) async fn subscribe_and_drain(&mut self, filter: impl AsRef<[u8]>, options: u8) -> Vec<Packet> {
        let subscribe = Subscribe::new(self.next_packet_id()).filter(filter, options);
        self.exchange_subscribe(&subscribe).await;
        let mut messages = self.drain_messages().await;
        messages.sort_by(|one, other| one.topic.cmp(&other.topic));
        messages
    }

    /// Returns true if the broker answers a PINGREQ, so the connection is still open. Otherwise checks like
    /// [`Client::expect_close`] that the broker closes the connection, and returns false.
    pub(crate) async fn stays_open_or_closes(&mut self, codes: &[u8]) -> bool {
        self.send(&[0xC0, 0]).await;
        while let Some(packet) = self.read().await {
            if packet.packet_type == PacketType::PingResp {
                return true;
            }
            self.unread.push_back(packet);
        }
        self.expect_close(codes).await;
        false
    }
}

/// Returns the bytes as text. Invalid UTF-8 is replaced by U+FFFD.
pub(crate) fn lossy_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
