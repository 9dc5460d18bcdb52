//! Events that a connection delivers to the caller.

use tidegate_mqtt::{Ack, PacketId, Publish, ReasonCode, SubAck, UnsubAck};

/// Something received from the server.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message. Its topic is filled in, even if the server sent only an alias.
    Message(Publish),
    /// A published message is fully acknowledged.
    Acknowledged(Acknowledged),
    /// An acknowledgement for the caller to handle: PUBREL if [`Options::receiving`](super::Options) is `Caller`,
    /// PUBREC if [`Options::sending`](super::Options) is `Caller`.
    Ack(Ack),
    /// The answer to SUBSCRIBE.
    SubAck(SubAck),
    /// The answer to UNSUBSCRIBE.
    UnsubAck(UnsubAck),
    /// The answer to PINGREQ.
    Pong,
}

/// The result of a published message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The message's packet identifier, which may be reused now.
    pub packet_id: PacketId,
    /// The server's reason code; 0x80 and above are errors.
    pub reason: ReasonCode,
    /// The server's reason string, if any.
    pub reason_string: Option<String>,
}

impl From<Ack> for Acknowledged {
    fn from(ack: Ack) -> Self {
        let reason_string = ack.properties.and_then(|properties| properties.reason_string);
        Self { packet_id: ack.packet_id, reason: ack.reason, reason_string }
    }
}
