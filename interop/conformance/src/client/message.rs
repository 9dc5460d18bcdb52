//! Messages as tests speak of them: which come, which do not, and what a broker may choose to do.

use super::Client;
use crate::wire::{Kind, Packet, Publish, Subscribe, ack};

impl Client {
    /// Sends a PUBLISH as it is; nothing is read.
    pub(crate) async fn send_publish(&mut self, publish: &Publish) {
        self.send(&publish.encode(self.version)).await;
    }

    /// Sends PUBACK (0x40), PUBREC (0x50), PUBREL (0x62) or PUBCOMP (0x70); nothing is read.
    pub(crate) async fn send_ack(&mut self, first: u8, id: u16, code: u8) {
        self.send(&ack(first, id, code)).await;
    }

    /// The next message has that payload; it is acknowledged.
    pub(crate) async fn hears(&mut self, payload: impl AsRef<[u8]>) -> Packet {
        let message = self.receive().await;
        let (heard, due) = (text(&message.payload), text(payload.as_ref()));
        assert_eq!(heard, due, "{}: the payload", self.name);
        message
    }

    /// The messages up to now that nobody took, in their order; they stay unacknowledged.
    pub(crate) async fn messages(&mut self) -> Vec<Packet> {
        self.ping().await;
        self.drain(Kind::Publish)
    }

    /// The payloads of [`Client::messages`].
    pub(crate) async fn payloads(&mut self) -> Vec<String> {
        self.messages().await.iter().map(|message| text(&message.payload)).collect()
    }

    /// Takes so many messages, unacknowledged.
    pub(crate) async fn take_messages(&mut self, count: usize) -> Vec<Packet> {
        let mut messages = Vec::with_capacity(count);
        for _ in 0..count {
            messages.push(self.message().await);
        }
        messages
    }

    /// Subscribes with an options byte; gives the messages that this brings, unacknowledged, by topic.
    pub(crate) async fn subscribe_for(&mut self, filter: impl AsRef<[u8]>, options: u8) -> Vec<Packet> {
        let subscribe = Subscribe::new(self.fresh_id()).filter(filter, options);
        self.exchange_subscribe(&subscribe).await;
        let mut messages = self.messages().await;
        messages.sort_by(|one, other| one.topic.cmp(&other.topic));
        messages
    }

    /// The broker either goes on with the connection, which is true, or ends it as in [`Client::is_cut_off`].
    pub(crate) async fn is_served_or_cut_off(&mut self, codes: &[u8]) -> bool {
        self.send(&[0xC0, 0]).await;
        while let Some(packet) = self.read().await {
            if packet.kind == Kind::PingResp {
                return true;
            }
            self.stash.push_back(packet);
        }
        self.is_cut_off(codes).await;
        false
    }
}

/// Bytes as a person reads them.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
