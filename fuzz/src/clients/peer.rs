//! The client's end of a network connection, which decodes packets and resolves topic aliases.

use std::collections::BTreeMap;

use tidegate_mqtt::frame::{self, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::{Packet, ProtocolVersion, Publish};

/// The state that a client keeps for a network connection.
pub(super) struct Peer {
    client: usize,
    version: ProtocolVersion,
    alias_maximum: u16,
    aliases: BTreeMap<u16, String>,
}

impl Peer {
    pub(super) fn new(client: usize, version: ProtocolVersion, alias_maximum: u16) -> Self {
        Self { client, version, alias_maximum, aliases: BTreeMap::new() }
    }

    /// Decodes `bytes`, which must be whole packets.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Packet> {
        let mut rest = bytes;
        let mut packets = Vec::new();
        while !rest.is_empty() {
            let next = frame::next(rest, self.version, PACKET_SIZE_MAX).expect("a valid frame");
            let Next::Frame(frame) = next else { panic!("only a part of a packet was written") };
            let mut packet = Packet::decode(&frame, self.version).expect("a valid packet");
            if let Packet::Publish(publish) = &mut packet {
                self.resolve_alias(publish);
            }
            packets.push(packet);
            rest = &rest[frame.wire.len()..];
        }
        packets
    }

    /// Returns the index of the client.
    pub(super) fn client(&self) -> usize {
        self.client
    }

    /// Returns the protocol version of the connection.
    pub(super) fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Replaces a topic alias by the topic name. `[MQTT5-3.1.2-26]` `[MQTT5-3.3.2-7]`
    fn resolve_alias(&mut self, publish: &mut Publish) {
        let Some(alias) = publish.properties.alias.take() else { return };
        let maximum = self.alias_maximum;
        assert!((1..=maximum).contains(&alias), "topic alias {alias}, and the client's maximum is {maximum}");
        if publish.topic.is_empty() {
            publish.topic = self.aliases.get(&alias).expect("the alias was set before").clone();
        } else {
            self.aliases.insert(alias, publish.topic.clone());
        }
    }
}
