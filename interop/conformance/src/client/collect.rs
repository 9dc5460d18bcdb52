//! Many messages at once, where a test cares for which come, not for how.

use super::{Client, lossy_text};
use crate::wire::{Packet, PacketType, Publish};

impl Client {
    /// Every message that has come up to now, acknowledged. Messages held back for want of acknowledgements are among
    /// them.
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

    /// Their payloads as texts.
    pub(crate) async fn receive_payloads(&mut self) -> Vec<String> {
        let messages = self.receive_all().await;
        messages.iter().map(|message| lossy_text(&message.payload)).collect()
    }

    /// Publishes a message to each topic at QoS 0, in one write; its payload is the topic.
    pub(crate) async fn publish_all(&mut self, topics: &[String]) {
        let packets = topics.iter().map(|topic| Publish::new(topic, topic).encode(self.version));
        let bytes = packets.collect::<Vec<_>>().concat();
        self.send(&bytes).await;
        self.ping().await;
    }
}
