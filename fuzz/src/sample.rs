//! Makes valid packets of every type and protocol version from the choices of a `Source`. The fuzz targets encode and
//! decode these packets.

mod connect;
mod publish;
mod reply;
mod request;
mod text;

use tidegate_mqtt::property::PacketContext;
use tidegate_mqtt::{Packet, ProtocolVersion, ReasonCode, UserProperties};

use crate::source::Source;

pub use publish::forwardable;
pub use text::{NAMES, bytes, filter, name, text};

/// Returns a packet that is valid in `version`. If the packet is a CONNECT, its protocol version is `version`.
pub fn packet(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let count = if version.is_v5() { PACKET_TYPES.len() } else { PACKET_TYPES.len() - 1 };
    let make = PACKET_TYPES[source.below(count)];
    make(source, version)
}

/// Returns an encoded packet.
///
/// # Panics
/// Panics if the packet cannot be encoded, which is a fault of the codec or of this module.
pub fn wire(source: &mut Source<'_>, version: ProtocolVersion) -> Vec<u8> {
    let mut out = Vec::new();
    let packet = packet(source, version);
    packet.encode(version, &mut out).unwrap_or_else(|error| panic!("{error}: {packet:?}"));
    out
}

/// The functions that make the packets, one for each packet type. AUTH, which MQTT 3.x does not have, is last.
const PACKET_TYPES: [fn(&mut Source<'_>, ProtocolVersion) -> Packet; 12] = [
    connect::connect,
    reply::connack,
    publish::publish,
    reply::ack,
    request::subscribe,
    reply::suback,
    request::unsubscribe,
    reply::unsuback,
    |_, _| Packet::PingReq,
    |_, _| Packet::PingResp,
    request::disconnect,
    request::auth,
];

fn user_properties(source: &mut Source<'_>, version: ProtocolVersion) -> UserProperties {
    let mut properties = UserProperties::new();
    if version.is_v5() && source.rarely(4) {
        for _ in 0..source.below(4) {
            assert!(properties.push(text(source), text(source)), "a valid user property is rejected");
        }
    }
    properties
}

fn reason(source: &mut Source<'_>, context: PacketContext) -> ReasonCode {
    let listed: Vec<_> = ReasonCode::ALL.iter().copied().filter(|code| code.may_appear_in(context)).collect();
    source.pick(&listed)
}

/// Calls `make` in some cases in MQTT 5.0, and never in MQTT 3.x.
fn in_v5<'a, T>(
    source: &mut Source<'a>,
    version: ProtocolVersion,
    make: impl FnOnce(&mut Source<'a>) -> T,
) -> Option<T> {
    (version.is_v5() && source.rarely(3)).then(|| make(source))
}
