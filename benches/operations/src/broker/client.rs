//! A client: its connection on the broker's side, and the packets that it sends.

use tidegate_broker::ClientConnection;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    AckKind, Connect, Packet, PacketId, QoS, Subscribe, SubscribeEntry, SubscriptionOptions, Unsubscribe,
    UserProperties,
};

use super::core::Core;
use crate::codec::V5;

/// A connected client.
pub(super) struct Client {
    connection: ClientConnection,
    /// The packet identifier of the next message to acknowledge.
    next: PacketId,
    /// The acknowledgements sent together, reused.
    acks: Vec<u8>,
}

impl Client {
    /// Connects a client whose session ends with the connection.
    pub(super) fn connected(core: &mut Core, id: &str) -> Self {
        Self::with(core, &Connect::new(V5, id))
    }

    /// Connects a client by that CONNECT.
    pub(super) fn with(core: &mut Core, connect: &Connect) -> Self {
        let connection = core.accept(encoded(connect.clone()));
        let mut client = Self { connection, next: PacketId::MIN, acks: Vec::new() };
        client.send(core, &[]);
        core.flush();
        client
    }

    /// Sends `wire`, which arrives in one read.
    pub(super) fn send(&mut self, core: &mut Core, wire: &[u8]) {
        core.poll(&mut self.connection, wire).expect("the connection stays open");
    }

    /// Subscribes at QoS 2, so that messages arrive at the QoS they were published at.
    pub(super) fn subscribe(&mut self, core: &mut Core, filter: &str) {
        self.send(core, &subscribe(filter, QoS::ExactlyOnce));
        core.flush();
    }

    /// Acknowledges the next `count` messages, which completes them. The acknowledgements arrive in one read.
    pub(super) fn acknowledge(&mut self, core: &mut Core, kind: AckKind, count: u16) {
        self.acks.clear();
        for _ in 0..count {
            self.acks.extend_from_slice(&ack(kind, self.next));
            self.next = self.next.next();
        }
        core.poll(&mut self.connection, &self.acks).expect("the messages are in flight");
    }

    /// Acknowledges the next message without completing it.
    pub(super) fn answer(&mut self, core: &mut Core, kind: AckKind) {
        core.poll(&mut self.connection, &ack(kind, self.next)).expect("the message is in flight");
    }
}

/// The bytes of an acknowledgement with reason code 0x00.
pub(super) fn ack(kind: AckKind, packet_id: PacketId) -> [u8; 4] {
    let [high, low] = packet_id.get().to_be_bytes();
    let first = match kind {
        AckKind::PubAck => 0x40,
        AckKind::PubRec => 0x50,
        AckKind::PubRel => 0x62,
        AckKind::PubComp => 0x70,
    };
    [first, 2, high, low]
}

pub(super) fn subscribe(filter: &str, qos: QoS) -> Vec<u8> {
    let filter = Ok(SubscriptionFilter::parse(filter).expect("a filter"));
    encoded(Subscribe {
        packet_id: PacketId::MIN,
        identifier: None,
        user_properties: UserProperties::new(),
        filters: vec![SubscribeEntry { filter, options: SubscriptionOptions::of(qos) }],
    })
}

pub(super) fn unsubscribe(filter: &str) -> Vec<u8> {
    encoded(Unsubscribe {
        packet_id: PacketId::MIN,
        user_properties: UserProperties::new(),
        filters: vec![Ok(SubscriptionFilter::parse(filter).expect("a filter"))],
    })
}

/// The bytes of a packet.
pub(super) fn encoded(packet: impl Into<Packet>) -> Vec<u8> {
    let mut wire = Vec::new();
    packet.into().encode(V5, &mut wire).expect("a packet");
    wire
}
