//! A client of the broker core: the broker's side of its connection, and the packets that the client sends.

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
    /// Packet identifier of the next message that the client acknowledges.
    next_packet_id: PacketId,
    /// Reused buffer for the acknowledgements that are sent together.
    acks: Vec<u8>,
}

impl Client {
    /// Connects a client whose session ends with the connection.
    pub(super) fn connected(core: &mut Core, id: &str) -> Self {
        Self::connect_with(core, &Connect::new(V5, id))
    }

    /// Connects a client with this CONNECT packet.
    pub(super) fn connect_with(core: &mut Core, connect: &Connect) -> Self {
        let connection = core.accept(encoded(connect.clone()));
        let mut client = Self { connection, next_packet_id: PacketId::MIN, acks: Vec::new() };
        client.send(core, &[]);
        core.flush();
        client
    }

    /// Sends the bytes in `wire`, which the broker receives in one read.
    pub(super) fn send(&mut self, core: &mut Core, wire: &[u8]) {
        core.poll(&mut self.connection, wire).expect("the connection stays open");
    }

    /// Subscribes at QoS 2, so that each message arrives at the QoS of its PUBLISH.
    pub(super) fn subscribe(&mut self, core: &mut Core, filter: &str) {
        self.send(core, &subscribe(filter, QoS::ExactlyOnce));
        core.flush();
    }

    /// Sends the acknowledgements that complete the next `count` messages. The broker receives the acknowledgements in
    /// one read.
    pub(super) fn acknowledge(&mut self, core: &mut Core, kind: AckKind, count: u16) {
        self.acks.clear();
        for _ in 0..count {
            self.acks.extend_from_slice(&ack(kind, self.next_packet_id));
            self.next_packet_id = self.next_packet_id.next();
        }
        core.poll(&mut self.connection, &self.acks).expect("the messages are in flight");
    }

    /// Sends an acknowledgement of the next message that does not complete the message, such as PUBREC.
    pub(super) fn acknowledge_partly(&mut self, core: &mut Core, kind: AckKind) {
        core.poll(&mut self.connection, &ack(kind, self.next_packet_id)).expect("the message is in flight");
    }
}

/// Returns the bytes of an acknowledgement with reason code 0x00.
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
        filters: vec![SubscribeEntry { filter, options: SubscriptionOptions::with_qos(qos) }],
    })
}

pub(super) fn unsubscribe(filter: &str) -> Vec<u8> {
    encoded(Unsubscribe {
        packet_id: PacketId::MIN,
        user_properties: UserProperties::new(),
        filters: vec![Ok(SubscriptionFilter::parse(filter).expect("a filter"))],
    })
}

/// Returns the bytes of a packet.
pub(super) fn encoded(packet: impl Into<Packet>) -> Vec<u8> {
    let mut wire = Vec::new();
    packet.into().encode(V5, &mut wire).expect("a packet");
    wire
}
