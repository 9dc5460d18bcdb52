//! PUBLISH in every QoS, with all its properties.

use bytes::Bytes;
use tidegate_mqtt::{Packet, PacketId, ProtocolVersion, Publish, PublishProperties, QoS};

use super::{five, user_properties};
use crate::source::Source;

pub(super) fn publish(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let qos = source.pick(&QoS::ALL);
    let identified = qos != QoS::AtMostOnce;
    let mut publish = Publish {
        dup: identified && source.flag(),
        qos,
        retain: source.flag(),
        topic: super::name(source).to_owned(),
        packet_id: identified.then(|| packet_id(source)),
        properties: properties(source, version),
        payload: super::bytes(source),
    };
    publish.properties.expiry = five(source, version, Source::long);
    publish.properties.alias = five(source, version, |source| source.short().max(1));
    if version.is_v5() {
        let count = source.pick(&[0, 0, 0, 1, 3]);
        publish.properties.identifiers = (0..count).map(|_| identifier(source)).collect();
    }
    if publish.properties.alias.is_some() && source.flag() {
        publish.topic.clear();
    }
    publish.into()
}

/// Forwardable properties in wire form.
pub fn forwardable(source: &mut Source<'_>, version: ProtocolVersion) -> Bytes {
    properties(source, version).forwardable().expect("properties that can be encoded")
}

/// A packet identifier.
pub(super) fn packet_id(source: &mut Source<'_>) -> PacketId {
    PacketId::new(source.short()).unwrap_or(PacketId::MAX)
}

/// A subscription identifier of one to four bytes.
pub(super) fn identifier(source: &mut Source<'_>) -> u32 {
    source.pick(&[1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])
}

fn properties(source: &mut Source<'_>, version: ProtocolVersion) -> PublishProperties {
    PublishProperties {
        payload_is_text: five(source, version, Source::flag),
        response_topic: five(source, version, |source| super::name(source).to_owned()),
        correlation_data: five(source, version, super::bytes),
        user_properties: user_properties(source, version),
        content_type: five(source, version, |source| super::text(source).to_owned()),
        ..PublishProperties::default()
    }
}
