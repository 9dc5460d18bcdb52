//! Strategies that generate packets. A packet contains only fields that exist in its version.

mod connection;
mod subscription;

use proptest::prelude::*;
use tidegate_mqtt::property::PacketContext;
use tidegate_mqtt::{Ack, AckKind, Packet, ProtocolVersion, Publish, QoS, ReasonCode};

use self::connection::{auth, connack, connect, disconnect};
use self::subscription::{suback, subscribe, unsuback, unsubscribe};
use crate::values::{ack_properties, data, name, packet_id, publish_properties, qos, reason};

/// Generates a packet of any type that exists in `version`.
pub(crate) fn packet(version: ProtocolVersion) -> BoxedStrategy<Packet> {
    let pings = prop_oneof![Just(Packet::PingReq), Just(Packet::PingResp)];
    let both = prop_oneof![
        connect(version).prop_map(Packet::from),
        connack(version).prop_map(Packet::from),
        publish(version).prop_map(Packet::from),
        ack(version).prop_map(Packet::from),
        subscribe(version).prop_map(Packet::from),
        suback(version).prop_map(Packet::from),
        unsubscribe(version).prop_map(Packet::from),
        unsuback(version).prop_map(Packet::from),
        disconnect(version).prop_map(Packet::from),
        pings,
    ];
    if version.is_v5() {
        prop_oneof![9 => both, 1 => auth().prop_map(Packet::from)].boxed()
    } else {
        both.boxed()
    }
}

fn publish(version: ProtocolVersion) -> impl Strategy<Value = Publish> {
    (any::<(bool, bool, bool)>(), qos(), name(), packet_id(), publish_properties(), data()).prop_map(
        move |((dup, retain, short), qos, topic, packet_id, properties, payload)| {
            let above_zero = qos > QoS::AtMostOnce;
            let mut publish = Publish {
                dup: dup && above_zero,
                qos,
                retain,
                packet_id: above_zero.then_some(packet_id),
                ..Publish::new(topic.as_str(), payload)
            };
            if version.is_v5() {
                publish.properties = properties;
                if short && publish.properties.alias.is_some() {
                    publish.topic.clear();
                }
            }
            publish
        },
    )
}

fn ack(version: ProtocolVersion) -> impl Strategy<Value = Ack> {
    let kind = proptest::sample::select(AckKind::ALL.to_vec());
    let reasons = (reason(PacketContext::PubAck), reason(PacketContext::PubRel));
    (kind, packet_id(), reasons, ack_properties()).prop_map(
        move |(kind, id, (received, released), properties)| {
            let reason = if kind < AckKind::PubRel { received } else { released };
            if version.is_v5() {
                Ack { properties, ..Ack::new(kind, id, reason) }
            } else {
                Ack::new(kind, id, ReasonCode::Success)
            }
        },
    )
}
