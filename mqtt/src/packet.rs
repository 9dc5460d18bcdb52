//! All control packets as owned values in one enum, with decoding, encoding and removal of optional parts.

mod decode;
mod encode;
mod strip;
#[cfg(test)]
mod tests;

use crate::ack::Ack;
use crate::auth::Auth;
use crate::connack::ConnAck;
use crate::connect::Connect;
use crate::disconnect::Disconnect;
use crate::frame::PacketType;
use crate::publish::Publish;
use crate::suback::{SubAck, UnsubAck};
use crate::subscribe::Subscribe;
use crate::unsubscribe::Unsubscribe;

/// A control packet from a client or a server.
///
/// # Examples
///
/// Encode a packet, split it off the received bytes, and decode it:
/// ```
/// use tidegate_mqtt::frame::{self, Next};
/// use tidegate_mqtt::{Packet, ProtocolVersion, Publish};
///
/// let version = ProtocolVersion::V5;
/// let packet = Packet::from(Publish::new("rooms/1/temperature", "21.5"));
/// let mut bytes = Vec::new();
/// packet.encode(version, &mut bytes)?;
///
/// let Next::Frame(frame) = frame::next(&bytes, version, 1024)? else { panic!("more bytes are needed") };
/// assert_eq!(frame.wire.len(), bytes.len());
/// assert_eq!(Packet::decode(&frame, version)?, packet);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// CONNECT.
    Connect(Box<Connect>),
    /// CONNACK.
    ConnAck(Box<ConnAck>),
    /// PUBLISH.
    Publish(Box<Publish>),
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    Ack(Ack),
    /// SUBSCRIBE.
    Subscribe(Subscribe),
    /// SUBACK.
    SubAck(SubAck),
    /// UNSUBSCRIBE.
    Unsubscribe(Unsubscribe),
    /// UNSUBACK.
    UnsubAck(UnsubAck),
    /// PINGREQ.
    PingReq,
    /// PINGRESP.
    PingResp,
    /// DISCONNECT.
    Disconnect(Disconnect),
    /// AUTH.
    Auth(Auth),
}

/// Declares the conversion from each packet struct, and the packet type of each variant.
macro_rules! variants {
    ($($name:ident $content:ty;)*) => {
        $(impl From<$content> for Packet {
            fn from(content: $content) -> Self {
                Self::$name(content.into())
            }
        })*

        impl Packet {
            /// Returns the packet type.
            #[must_use]
            pub const fn packet_type(&self) -> PacketType {
                match self {
                    $(Self::$name(_) => PacketType::$name,)*
                    Self::Ack(ack) => ack.kind.packet_type(),
                    Self::PingReq => PacketType::PingReq,
                    Self::PingResp => PacketType::PingResp,
                }
            }
        }
    };
}

variants! {
    Connect Connect;
    ConnAck ConnAck;
    Publish Publish;
    Subscribe Subscribe;
    SubAck SubAck;
    Unsubscribe Unsubscribe;
    UnsubAck UnsubAck;
    Disconnect Disconnect;
    Auth Auth;
}

impl From<Ack> for Packet {
    fn from(ack: Ack) -> Self {
        Self::Ack(ack)
    }
}
