//! The client's end of one network connection: bytes become packets, topic aliases topics.

use std::collections::BTreeMap;

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Packet, ProtocolVersion, Publish};

/// What a client knows about its connection.
pub(super) struct Link {
    client: usize,
    version: ProtocolVersion,
    alias_maximum: u16,
    aliases: BTreeMap<u16, String>,
}

impl Link {
    pub(super) fn new(client: usize, version: ProtocolVersion, alias_maximum: u16) -> Self {
        Self { client, version, alias_maximum, aliases: BTreeMap::new() }
    }

    /// The packets in these bytes, which are whole ones.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Packet> {
        let mut rest = bytes;
        let mut packets = Vec::new();
        while !rest.is_empty() {
            let next = frame::next(rest, self.version, PACKET_SIZE_MAX).expect("a good frame");
            let Next::Frame(frame) = next else { panic!("a part of a packet is written") };
            let mut packet = Packet::decode(&frame, self.version).expect("a good packet");
            if let Packet::Publish(publish) = &mut packet {
                self.resolve(publish);
            }
            packets.push(packet);
            rest = &rest[frame.wire.len()..];
        }
        packets
    }

    /// The number of the client.
    pub(super) fn client(&self) -> usize {
        self.client
    }

    /// The version spoken.
    pub(super) fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// `[MQTT5-3.1.2-26]` `[MQTT5-3.3.2-7]`
    fn resolve(&mut self, publish: &mut Publish) {
        let Some(alias) = publish.properties.alias.take() else { return };
        assert!((1..=self.alias_maximum).contains(&alias), "alias {alias} of {}", self.alias_maximum);
        if publish.topic.is_empty() {
            publish.topic = self.aliases.get(&alias).expect("an alias that was set").clone();
        } else {
            self.aliases.insert(alias, publish.topic.clone());
        }
    }
}
