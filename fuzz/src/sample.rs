//! Valid packets of every type and version, made by choices. What they are checked for is not said here.

mod connect;
mod publish;
mod reply;
mod request;
mod text;

use tidegate_mqtt::property::Place;
use tidegate_mqtt::{Packet, ProtocolVersion, ReasonCode, UserProperties};

use crate::source::Source;

pub use publish::forwardable;
pub use text::{NAMES, bytes, filter, name, text};

/// A packet that exists in `version`; a CONNECT is of that version.
pub fn packet(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let kinds = if version.is_v5() { KINDS.len() } else { KINDS.len() - 1 };
    let make = KINDS[source.below(kinds)];
    make(source, version)
}

/// The same in bytes.
///
/// # Panics
/// When the packet cannot be encoded, which is a fault of the codec or of these samples.
pub fn wire(source: &mut Source<'_>, version: ProtocolVersion) -> Vec<u8> {
    let mut out = Vec::new();
    let packet = packet(source, version);
    packet.encode(version, &mut out).unwrap_or_else(|error| panic!("{error}: {packet:?}"));
    out
}

/// One maker a packet type; AUTH, which 3.x does not have, is last.
const KINDS: [fn(&mut Source<'_>, ProtocolVersion) -> Packet; 12] = [
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
            assert!(properties.push(text(source), text(source)), "a good user property is refused");
        }
    }
    properties
}

fn reason(source: &mut Source<'_>, place: Place) -> ReasonCode {
    let listed: Vec<_> = ReasonCode::ALL.iter().copied().filter(|code| code.may_stand_in(place)).collect();
    source.pick(&listed)
}

/// `make` makes it in 5.0, now and then; 3.x has none.
fn five<'a, T>(
    source: &mut Source<'a>,
    version: ProtocolVersion,
    make: impl FnOnce(&mut Source<'a>) -> T,
) -> Option<T> {
    (version.is_v5() && source.rarely(3)).then(|| make(source))
}
