//! MQTT's bytes, written and read by this suite alone: the broker's own codec would share its mistakes.

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

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Version {
    /// MQTT 3.1.1.
    V3,
    /// MQTT 5.0.
    V5,
}

impl Version {
    /// As CONNECT writes it.
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::V3 => 4,
            Self::V5 => 5,
        }
    }
}
