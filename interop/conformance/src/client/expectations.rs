//! What a test demands of the broker's reaction: a refusal, an end, silence.

use super::Client;
use crate::wire::{Packet, PacketType, Version};

impl Client {
    /// No message came up to now: all that the broker had for this client it has sent, as PINGRESP shows.
    pub(crate) async fn expect_no_message(&mut self) {
        self.ping().await;
        let messages = self.drain(PacketType::Publish);
        let first = messages.first();
        assert!(first.is_none(), "{}: no message was due, but {first:?} came", self.name);
    }

    /// CONNECT was refused: a CONNACK with one of `codes` or none, then the end, nothing else.
    ///
    /// A client of 5.0 may get the codes of 0x80 and more among them, best first; one of 3.1.1 has to get one below 6,
    /// or nothing at all where there is none. `[MQTT3-3.1.4-1]` `[MQTT3-3.2.2-6]`
    pub(crate) async fn expect_refusal(&mut self, codes: &[u8]) {
        let of_version = |code: &u8| (*code < 6) == (self.version == Version::V3);
        let codes: Vec<_> = codes.iter().copied().filter(of_version).collect();
        let packets = self.wait_for_end().await;
        match packets.as_slice() {
            [] => self.check_silence(&codes, self.version == Version::V3),
            [only] if only.packet_type == PacketType::ConnAck => self.check_reason(only.code, &codes),
            more => panic!("{}: more than a refusal: {more:?}", self.name),
        }
    }

    /// The broker ends the connection; if it says why (5.0 only), with one of `codes`. Gives what came before.
    pub(crate) async fn expect_close(&mut self, codes: &[u8]) -> Vec<Packet> {
        let mut packets = self.wait_for_end().await;
        let farewell = packets.iter().position(|packet| packet.packet_type == PacketType::Disconnect);
        if let Some(index) = farewell {
            let farewell = packets.remove(index);
            assert_eq!(index, packets.len(), "{}: packets behind DISCONNECT", self.name); // [MQTT5-3.14.4-1]
            self.check_reason(farewell.code, codes);
        } else if self.version == Version::V5 {
            self.check_silence(codes, false);
        }
        packets
    }

    /// As [`Client::expect_close`], and nothing but PUBLISH came before: no answer to the fault.
    pub(crate) async fn expect_close_without_answer(&mut self, codes: &[u8]) {
        let packets = self.expect_close(codes).await;
        let answer = packets.iter().find(|packet| packet.packet_type != PacketType::Publish);
        assert!(answer.is_none(), "{}: answered before the end: {answer:?}", self.name);
    }

    /// The broker ends the connection, and in 5.0 has to say that it is for this reason.
    pub(crate) async fn expect_disconnect_reason(&mut self, code: u8) {
        let packets = self.wait_for_end().await;
        let farewells = packets.iter().filter(|packet| packet.packet_type == PacketType::Disconnect);
        let told: Vec<_> = farewells.map(|packet| packet.code).collect();
        let expected = if self.version == Version::V5 { vec![code] } else { Vec::new() };
        assert_eq!(told, expected, "{}: what DISCONNECT said", self.name);
    }

    /// Of Tidegate the best reason is wanted, the first one; of others any that is legal.
    fn check_reason(&self, code: u8, codes: &[u8]) {
        let wanted = if self.wants_best_reason { &codes[..codes.len().min(1)] } else { codes };
        assert!(wanted.contains(&code), "{}: ended with {code:#04x}, not {wanted:02x?}", self.name);
    }

    /// Nothing was said. That is legal where it is not `demanded`; Tidegate says why wherever there is a reason.
    fn check_silence(&self, codes: &[u8], demanded: bool) {
        let may_be_silent = codes.is_empty() || !(demanded || self.wants_best_reason);
        assert!(may_be_silent, "{}: ended without a word, not with {codes:02x?}", self.name);
    }
}
