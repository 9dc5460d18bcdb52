//! What a connection tells its owner.

use tidegate_mqtt::{Ack, PacketId, Publish, ReasonCode, SubAck, UnsubAck};

/// Something that came from the server.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message; its topic is whole, whatever alias was used.
    Message(Publish),
    /// A message of ours is done with.
    Acknowledged(Acknowledged),
    /// An acknowledgement that the caller wanted to handle: PUBREL where [`Options::receiving`](super::Options) is
    /// the caller's, PUBREC where [`Options::sending`](super::Options) is.
    Ack(Ack),
    /// The answer to SUBSCRIBE.
    SubAck(SubAck),
    /// The answer to UNSUBSCRIBE.
    UnsubAck(UnsubAck),
    /// The answer to PINGREQ.
    Pong,
}

/// How a message of ours ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Its packet identifier, free again now.
    pub packet_id: PacketId,
    /// What the server says; errors are 0x80 and above.
    pub reason: ReasonCode,
    /// And in words, if it does.
    pub reason_string: Option<String>,
}

impl From<Ack> for Acknowledged {
    fn from(ack: Ack) -> Self {
        let reason_string = ack.properties.and_then(|properties| properties.reason_string);
        Self { packet_id: ack.packet_id, reason: ack.reason, reason_string }
    }
}
