//! Methods that receive or publish many messages at once, for tests that check which messages arrive.

use super::{Client, lossy_text};
use crate::wire::{Packet, PacketType, Publish};

impl Client {
    /// Receives and acknowledges every message that the broker has for this client now, including messages that the
    /// broker sends only after the client has acknowledged earlier messages.
    pub(crate) async fn receive_all(&mut self) -> Vec<Packet> {
        let mut all = Vec::new();
        loop {
            self.ping().await;
            let messages = self.drain(PacketType::Publish);
            if messages.is_empty() {
                return all;
            }
            for message in &messages {
                self.acknowledge(message).await;
            }
            all.extend(messages);
        }
    }

    /// Receives messages like [`Client::receive_all`]. Returns the payloads of the messages as text.
    pub(crate) async fn receive_payloads(&mut self) -> Vec<String> {
        let messages = self.receive_all().await;
        messages.iter().map(|message| lossy_text(&message.payload)).collect()
    }

    /// Publishes one message to each topic at QoS 0, all in one write. The payload is the topic.
    pub(crate) async fn publish_all(&mut self, topics: &[String]) {
        let packets = topics.iter().map(|topic| Publish::new(topic, topic).encode(self.version));
        let bytes = packets.collect::<Vec<_>>().concat();
        self.send(&bytes).await;
        self.ping().await;
    }
}
