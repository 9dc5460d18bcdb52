//! Decoding and encoding of MQTT 5 packets.

use std::hint::black_box;

use tidegate_mqtt::frame::{self, Frame, Next};
use tidegate_mqtt::topic::{self, SubscriptionFilter};
use tidegate_mqtt::{
    Ack, AckKind, Connect, OutgoingPublish, Packet, PacketId, ProtocolVersion, PublishView, QoS, ReasonCode,
    Subscribe, SubscribeEntry, SubscriptionOptions, UserProperties, Will,
};

use crate::{Case, CaseSetup};

pub(crate) const CASES: &[CaseSetup] = &[
    || parse_publish("codec/decode PUBLISH QoS 0", QoS::AtMostOnce),
    || parse_publish("codec/decode PUBLISH QoS 1", QoS::AtLeastOnce),
    || encode_publish("codec/encode PUBLISH QoS 0", QoS::AtMostOnce),
    || encode_publish("codec/encode PUBLISH QoS 1", QoS::AtLeastOnce),
    || decode("codec/decode CONNECT", &connect()),
    || encode("codec/encode CONNECT", connect()),
    || decode("codec/decode SUBSCRIBE of 10", &subscribe()),
    || encode("codec/encode SUBSCRIBE of 10", subscribe()),
    parse_ack,
    encode_ack,
];

pub(crate) const V5: ProtocolVersion = ProtocolVersion::V5;
pub(crate) const TOPIC: &str = "plant/7/line/3/temperature";
const PAYLOAD: [u8; 64] = [7; 64];

/// Returns the bytes of a PUBLISH with a payload of 64 bytes. At QoS 1 and 2 its packet identifier is 1.
pub(crate) fn publish(topic: &str, qos: QoS) -> Vec<u8> {
    let mut wire = Vec::new();
    outgoing(topic, qos).encode(V5, &mut wire);
    wire
}

/// Returns the bytes of `count` PUBLISH packets with payloads of 64 bytes. At QoS 1 and 2 their packet identifiers
/// ascend from 1.
pub(crate) fn publishes(topic: &str, qos: QoS, count: u16) -> Vec<u8> {
    let mut wire = Vec::new();
    for packet_id in (1..=count).filter_map(PacketId::new) {
        let packet_id = (qos > QoS::AtMostOnce).then_some(packet_id);
        OutgoingPublish { packet_id, ..outgoing(topic, qos) }.encode(V5, &mut wire);
    }
    wire
}

/// Returns the bytes of a PUBLISH at QoS 0 with RETAIN set and a payload of 64 bytes.
pub(crate) fn retained(topic: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    OutgoingPublish { retain: true, ..outgoing(topic, QoS::AtMostOnce) }.encode(V5, &mut wire);
    wire
}

/// Returns `wire` as a frame. `wire` must hold exactly one packet.
pub(crate) fn frame(wire: &[u8]) -> Frame<'_> {
    match frame::next(wire, V5, u32::MAX) {
        Ok(Next::Frame(frame)) => frame,
        other => panic!("no frame: {other:?}"),
    }
}

fn outgoing(topic: &str, qos: QoS) -> OutgoingPublish<'_> {
    let packet_id = (qos > QoS::AtMostOnce).then_some(PacketId::MIN);
    OutgoingPublish { qos, packet_id, ..OutgoingPublish::plain(topic, &PAYLOAD) }
}

fn parse_publish(name: &'static str, qos: QoS) -> Case {
    let wire = publish(TOPIC, qos);
    Case::single(name, move || {
        black_box(PublishView::parse(&frame(black_box(&wire)), V5)).expect("a PUBLISH");
    })
}

fn encode_publish(name: &'static str, qos: QoS) -> Case {
    let mut out = Vec::new();
    Case::single(name, move || {
        out.clear();
        black_box(outgoing(TOPIC, qos)).encode(V5, &mut out);
        black_box(&out);
    })
}

fn connect() -> Packet {
    let mut connect = Connect::new(V5, "device-00042");
    connect.keep_alive = 60;
    connect.session_expiry = Some(3600);
    let topic = topic::Name::parse("plant/7/status").expect("a topic");
    connect.will = Some(Will::new(topic, "gone", QoS::AtLeastOnce));
    connect.into()
}

fn subscribe() -> Packet {
    let entry = |number: u32| SubscribeEntry {
        filter: Ok(SubscriptionFilter::parse(&format!("plant/{number}/+/temperature")).expect("a filter")),
        options: SubscriptionOptions::with_qos(QoS::AtLeastOnce),
    };
    Packet::from(Subscribe {
        packet_id: PacketId::MIN,
        identifier: Some(7),
        user_properties: UserProperties::default(),
        filters: (0..10).map(entry).collect(),
    })
}

fn decode(name: &'static str, packet: &Packet) -> Case {
    let mut wire = Vec::new();
    packet.encode(V5, &mut wire).expect("a packet");
    Case::single(name, move || {
        black_box(Packet::decode(&frame(black_box(&wire)), V5)).expect("a packet");
    })
}

fn encode(name: &'static str, packet: Packet) -> Case {
    let mut out = Vec::new();
    Case::single(name, move || {
        out.clear();
        black_box(&packet).encode(V5, &mut out).expect("a packet");
        black_box(&out);
    })
}

fn puback() -> Ack {
    Ack::new(AckKind::PubAck, PacketId::MIN, ReasonCode::Success)
}

fn parse_ack() -> Case {
    let mut wire = Vec::new();
    puback().encode(V5, &mut wire);
    Case::single("codec/decode PUBACK", move || {
        black_box(Ack::parse(&frame(black_box(&wire)), V5)).expect("a PUBACK");
    })
}

fn encode_ack() -> Case {
    let mut out = Vec::new();
    Case::single("codec/encode PUBACK", move || {
        out.clear();
        black_box(puback()).encode(V5, &mut out);
        black_box(&out);
    })
}
