//! Methods that check the broker's reaction: a refusal, a close, or no message.

use super::Client;
use crate::wire::{Packet, PacketType, Version};

impl Client {
    /// Checks that the broker has sent no message to this client. A ping makes sure that a message sent before would
    /// have arrived.
    pub(crate) async fn expect_no_message(&mut self) {
        self.ping().await;
        let messages = self.drain(PacketType::Publish);
        let first = messages.first();
        assert!(first.is_none(), "{}: expected no message, received {first:?}", self.name);
    }

    /// Checks that the broker refuses CONNECT: it may send a CONNACK with one of `codes`, then closes the connection
    /// and sends nothing else.
    ///
    /// `codes` may contain codes of both protocol versions. In 5.0, the codes from 0x80 on apply, the best one first.
    /// In 3.1.1, the codes below 6 apply: if `codes` contains such a code, the broker has to send it; otherwise the
    /// broker has to close the connection without CONNACK. `[MQTT3-3.1.4-1]` `[MQTT3-3.2.2-6]`
    pub(crate) async fn expect_refusal(&mut self, codes: &[u8]) {
        let applies_to_version = |code: &u8| (*code < 6) == (self.version == Version::V3);
        let codes: Vec<_> = codes.iter().copied().filter(applies_to_version).collect();
        let packets = self.wait_for_end().await;
        match packets.as_slice() {
            [] => self.check_missing_reason(&codes, self.version == Version::V3),
            [only] if only.packet_type == PacketType::ConnAck => self.check_reason(only.code, &codes),
            more => panic!("{}: expected only a refusing CONNACK, received {more:?}", self.name),
        }
    }

    /// Checks that the broker closes the connection. In 5.0, the broker may send DISCONNECT first, with one of `codes`.
    /// Returns the unread packets that arrived before DISCONNECT.
    pub(crate) async fn expect_close(&mut self, codes: &[u8]) -> Vec<Packet> {
        let mut packets = self.wait_for_end().await;
        let index = packets.iter().position(|packet| packet.packet_type == PacketType::Disconnect);
        if let Some(index) = index {
            let disconnect = packets.remove(index);
            assert_eq!(index, packets.len(), "{}: packets after DISCONNECT", self.name); // [MQTT5-3.14.4-1]
            self.check_reason(disconnect.code, codes);
        } else if self.version == Version::V5 {
            self.check_missing_reason(codes, false);
        }
        packets
    }

    /// Checks like [`Client::expect_close`] that the broker closes the connection, and also that it did not answer the
    /// packet that caused the close. The broker may only have sent PUBLISH before.
    pub(crate) async fn expect_close_without_answer(&mut self, codes: &[u8]) {
        let packets = self.expect_close(codes).await;
        let answer = packets.iter().find(|packet| packet.packet_type != PacketType::Publish);
        assert!(
            answer.is_none(),
            "{}: the broker answered before it closed the connection: {answer:?}",
            self.name
        );
    }

    /// Checks that the broker closes the connection. In 5.0, the broker has to send DISCONNECT with exactly this reason
    /// code first.
    pub(crate) async fn expect_disconnect_reason(&mut self, code: u8) {
        let packets = self.wait_for_end().await;
        let disconnects = packets.iter().filter(|packet| packet.packet_type == PacketType::Disconnect);
        let reasons: Vec<_> = disconnects.map(|packet| packet.code).collect();
        let expected = if self.version == Version::V5 { vec![code] } else { Vec::new() };
        assert_eq!(reasons, expected, "{}: the reason code of DISCONNECT", self.name);
    }

    /// Checks the reason code that the broker sent. Tidegate has to send the best reason code, which is the first of
    /// `codes`. Other brokers may send any of `codes`.
    fn check_reason(&self, code: u8, codes: &[u8]) {
        let wanted = if self.requires_best_reason { &codes[..codes.len().min(1)] } else { codes };
        assert!(
            wanted.contains(&code),
            "{}: closed with the reason {code:#04x}, expected {wanted:02x?}",
            self.name
        );
    }

    /// Checks whether the broker may close the connection without a reason code. The broker may not if
    /// `is_reason_required` is true and `codes` is not empty. Tidegate always has to send a reason code unless `codes`
    /// is empty.
    fn check_missing_reason(&self, codes: &[u8], is_reason_required: bool) {
        let may_omit_reason = codes.is_empty() || !(is_reason_required || self.requires_best_reason);
        assert!(may_omit_reason, "{}: closed without a reason, expected {codes:02x?}", self.name);
    }
}
