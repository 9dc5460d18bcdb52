//! Makes PUBLISH packets of every QoS, with every property.

use bytes::Bytes;
use tidegate_mqtt::{Packet, PacketId, ProtocolVersion, Publish, PublishProperties, QoS};

use super::{in_v5, user_properties};
use crate::source::Source;

pub(super) fn publish(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let qos = source.pick(&QoS::ALL);
    let has_packet_id = qos != QoS::AtMostOnce;
    let mut publish = Publish {
        dup: has_packet_id && source.next_bool(),
        qos,
        retain: source.next_bool(),
        topic: super::name(source).to_owned(),
        packet_id: has_packet_id.then(|| packet_id(source)),
        properties: properties(source, version),
        payload: super::bytes(source),
    };
    publish.properties.expiry = in_v5(source, version, Source::next_u32);
    publish.properties.alias = in_v5(source, version, |source| source.next_u16().max(1));
    if version.is_v5() {
        let count = source.pick(&[0, 0, 0, 1, 3]);
        publish.properties.subscription_identifiers = (0..count).map(|_| identifier(source)).collect();
    }
    if publish.properties.alias.is_some() && source.next_bool() {
        publish.topic.clear();
    }
    publish.into()
}

/// Returns encoded properties that a broker forwards.
pub fn forwardable(source: &mut Source<'_>, version: ProtocolVersion) -> Bytes {
    properties(source, version).forwardable().expect("the properties can be encoded")
}

/// Returns a packet identifier.
pub(super) fn packet_id(source: &mut Source<'_>) -> PacketId {
    PacketId::new(source.next_u16()).unwrap_or(PacketId::MAX)
}

/// Returns a subscription identifier whose encoding has one to four bytes.
pub(super) fn identifier(source: &mut Source<'_>) -> u32 {
    source.pick(&[1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])
}

fn properties(source: &mut Source<'_>, version: ProtocolVersion) -> PublishProperties {
    PublishProperties {
        payload_is_text: in_v5(source, version, Source::next_bool),
        response_topic: in_v5(source, version, |source| super::name(source).to_owned()),
        correlation_data: in_v5(source, version, super::bytes),
        user_properties: user_properties(source, version),
        content_type: in_v5(source, version, |source| super::text(source).to_owned()),
        ..PublishProperties::default()
    }
}
