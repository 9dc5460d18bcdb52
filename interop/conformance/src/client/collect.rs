//! Many messages at once, where a test cares for which come, not for how.

use super::Client;
use crate::wire::{Kind, Packet, Publish};

impl Client {
    /// Every message that has come up to now, acknowledged. Messages held back for want of acknowledgements are among
    /// them.
    pub(crate) async fn messages(&mut self) -> Vec<Packet> {
        let mut all = Vec::new();
        loop {
            self.ping().await;
            let messages = self.drain(Kind::Publish);
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
    pub(crate) async fn payloads(&mut self) -> Vec<String> {
        let messages = self.messages().await;
        messages.iter().map(|message| String::from_utf8_lossy(&message.payload).into_owned()).collect()
    }

    /// Publishes a message to each topic at QoS 0, in one write; its payload is the topic.
    pub(crate) async fn publish_all(&mut self, topics: &[String]) {
        let packets = topics.iter().map(|topic| Publish::new(topic, topic).encode(self.version));
        let bytes = packets.collect::<Vec<_>>().concat();
        self.send(&bytes).await;
        self.ping().await;
    }
}
