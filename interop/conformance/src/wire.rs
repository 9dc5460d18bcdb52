//! An MQTT codec for this suite alone. Tests with the broker's own codec would not find the mistakes of that codec.

mod connect;
pub(crate) mod property;
mod read;
mod reader;
mod reason;
mod write;

pub(crate) use connect::{Connect, Will};
pub(crate) use property::Properties;
pub(crate) use read::{Packet, PacketType, parse};
pub(crate) use write::{
    Publish, Subscribe, Unsubscribe, ack, disconnect, length_prefixed, packet_from_parts, packet_with_body,
    variable_byte_integer,
};

/// The protocol version of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    /// MQTT 3.1.1.
    V3,
    /// MQTT 5.0.
    V5,
}

impl Version {
    /// Returns the protocol version byte of CONNECT.
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::V3 => 4,
            Self::V5 => 5,
        }
    }
}
