//! What a test demands of the broker's reaction: a refusal, an end, silence.

use super::Client;
use crate::wire::{Kind, Packet, Version};

impl Client {
    /// No message came up to now: all that the broker had for this client it has sent, as PINGRESP shows.
    pub(crate) async fn hears_nothing(&mut self) {
        self.ping().await;
        let messages = self.drain(Kind::Publish);
        let first = messages.first();
        assert!(first.is_none(), "{}: no message was due, but {first:?} came", self.name);
    }

    /// CONNECT was refused: a CONNACK with one of `codes` or none, then the end, nothing else.
    ///
    /// The codes are those of 5.0. A client of 3.1.1 gets the return codes below 6 among them, or nothing at all.
    pub(crate) async fn is_refused(&mut self, codes: &[u8]) {
        let packets = self.wait_for_end().await;
        let refusal = match packets.as_slice() {
            [] => return,
            [only] => only,
            more => panic!("{}: more than a refusal: {more:?}", self.name),
        };
        assert_eq!(refusal.kind, Kind::ConnAck, "{}: a refusal", self.name);
        let legal = |code: &&u8| (**code < 6) == (self.version == Version::V3);
        let legal: Vec<_> = codes.iter().filter(legal).collect();
        assert!(
            legal.contains(&&refusal.code),
            "{}: refused with {:#04x}, not {legal:02x?}",
            self.name,
            refusal.code
        );
    }

    /// The broker ends the connection; if it says why (5.0 only), with one of `codes`. Gives what came before.
    pub(crate) async fn is_cut_off(&mut self, codes: &[u8]) -> Vec<Packet> {
        let mut packets = self.wait_for_end().await;
        let farewell = packets.iter().position(|packet| packet.kind == Kind::Disconnect);
        if let Some(index) = farewell {
            let farewell = packets.remove(index);
            assert_eq!(index, packets.len(), "{}: packets behind DISCONNECT", self.name); // [MQTT5-3.14.4-1]
            let code = farewell.code;
            assert!(codes.contains(&code), "{}: cut off with {code:#04x}, not {codes:02x?}", self.name);
        }
        packets
    }

    /// As [`Client::is_cut_off`], and nothing but PUBLISH and PINGRESP came before: no acknowledgement of the fault.
    pub(crate) async fn is_cut_off_unanswered(&mut self, codes: &[u8]) {
        let packets = self.is_cut_off(codes).await;
        let answer = packets.iter().find(|packet| !matches!(packet.kind, Kind::Publish | Kind::PingResp));
        assert!(answer.is_none(), "{}: answered before the end: {answer:?}", self.name);
    }
}
