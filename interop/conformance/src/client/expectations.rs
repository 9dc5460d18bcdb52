//! Reactions that a test expects of the broker: a refusal, a close, or no message.

use super::Client;
use crate::wire::{Packet, PacketType, Version};

impl Client {
    /// The broker has no message for this client now. A ping makes sure that one already sent would have arrived.
    pub(crate) async fn expect_no_message(&mut self) {
        self.ping().await;
        let messages = self.drain(PacketType::Publish);
        let first = messages.first();
        assert!(first.is_none(), "{}: expected no message, received {first:?}", self.name);
    }

    /// The broker refuses CONNECT: it may send a CONNACK with one of `codes`, then closes the connection and sends
    /// nothing else.
    ///
    /// In 5.0, only the codes from 0x80 on count, the best one first. In 3.1.1, only the codes below 6 count: if there
    /// is one, the broker has to send it; if there is none, it has to close without CONNACK. `[MQTT3-3.1.4-1]`
    /// `[MQTT3-3.2.2-6]`
    pub(crate) async fn expect_refusal(&mut self, codes: &[u8]) {
        let of_version = |code: &u8| (*code < 6) == (self.version == Version::V3);
        let codes: Vec<_> = codes.iter().copied().filter(of_version).collect();
        let packets = self.wait_for_end().await;
        match packets.as_slice() {
            [] => self.check_silence(&codes, self.version == Version::V3),
            [only] if only.packet_type == PacketType::ConnAck => self.check_reason(only.code, &codes),
            more => panic!("{}: expected only a refusing CONNACK, received {more:?}", self.name),
        }
    }

    /// The broker closes the connection. In 5.0 it may send DISCONNECT first, with one of `codes`. Returns the unread
    /// packets that came before.
    pub(crate) async fn expect_close(&mut self, codes: &[u8]) -> Vec<Packet> {
        let mut packets = self.wait_for_end().await;
        let index = packets.iter().position(|packet| packet.packet_type == PacketType::Disconnect);
        if let Some(index) = index {
            let disconnect = packets.remove(index);
            assert_eq!(index, packets.len(), "{}: packets after DISCONNECT", self.name); // [MQTT5-3.14.4-1]
            self.check_reason(disconnect.code, codes);
        } else if self.version == Version::V5 {
            self.check_silence(codes, false);
        }
        packets
    }

    /// As [`Client::expect_close`]. In addition the broker sent no packet but PUBLISH before, so it did not answer what
    /// caused the close.
    pub(crate) async fn expect_close_without_answer(&mut self, codes: &[u8]) {
        let packets = self.expect_close(codes).await;
        let answer = packets.iter().find(|packet| packet.packet_type != PacketType::Publish);
        assert!(
            answer.is_none(),
            "{}: the broker answered before it closed the connection: {answer:?}",
            self.name
        );
    }

    /// The broker closes the connection. In 5.0 it has to send DISCONNECT with exactly this reason code first.
    pub(crate) async fn expect_disconnect_reason(&mut self, code: u8) {
        let packets = self.wait_for_end().await;
        let disconnects = packets.iter().filter(|packet| packet.packet_type == PacketType::Disconnect);
        let reasons: Vec<_> = disconnects.map(|packet| packet.code).collect();
        let expected = if self.version == Version::V5 { vec![code] } else { Vec::new() };
        assert_eq!(reasons, expected, "{}: the reason code of DISCONNECT", self.name);
    }

    /// Tidegate has to send the best reason, which is the first of `codes`. Other brokers may send any of them.
    fn check_reason(&self, code: u8, codes: &[u8]) {
        let wanted = if self.wants_best_reason { &codes[..codes.len().min(1)] } else { codes };
        assert!(
            wanted.contains(&code),
            "{}: closed with the reason {code:#04x}, expected {wanted:02x?}",
            self.name
        );
    }

    /// The broker gave no reason. That is allowed unless `demanded`. Tidegate has to give one wherever `codes` has any.
    fn check_silence(&self, codes: &[u8], demanded: bool) {
        let may_be_silent = codes.is_empty() || !(demanded || self.wants_best_reason);
        assert!(may_be_silent, "{}: closed without a reason, expected {codes:02x?}", self.name);
    }
}
