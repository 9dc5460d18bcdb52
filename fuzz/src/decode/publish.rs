//! Checks the way of a PUBLISH through a broker: from the view to a message, and from the message to the packet for a
//! receiver. No content may be lost or added.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tidegate_mqtt::frame::Frame;
use tidegate_mqtt::{
    Message, OutgoingPublish, Packet, PacketId, ProtocolVersion, Publish, PublishProperties, PublishView, QoS,
};

pub(super) fn check(view: &PublishView<'_>, publish: &Publish, frame: &Frame<'_>, version: ProtocolVersion) {
    let view_fields = (view.dup, view.qos, view.retain, view.topic, view.packet_id, view.alias, view.expiry);
    let properties = &publish.properties;
    let packet_fields = (
        publish.dup,
        publish.qos,
        publish.retain,
        publish.topic.as_str(),
        publish.packet_id,
        properties.alias,
        properties.expiry,
    );
    assert_eq!(view_fields, packet_fields, "view and packet differ");
    assert_eq!(view.payload, publish.payload);
    assert_eq!(view.has_subscription_id, !properties.subscription_identifiers.is_empty());
    assert_eq!(view.wire, frame.wire);
    check_forwardable(view, publish);
    check_message(view, publish, version);
}

fn check_forwardable(view: &PublishView<'_>, publish: &Publish) {
    let properties = &publish.properties;
    let plain = !publish.dup && !publish.retain && !publish.topic.is_empty();
    let for_all = properties.alias.is_none()
        && properties.expiry.is_none()
        && properties.subscription_identifiers.is_empty();
    assert!(!view.is_forwardable_frame() || (plain && for_all), "marked as forwardable: {publish:?}");
    let identifier = view.packet_id_at().and_then(|at| view.wire.get(at..)?.first_chunk());
    let identifier = identifier.map(|bytes| u16::from_be_bytes(*bytes));
    assert_eq!(identifier, view.packet_id.map(PacketId::get), "the offset of the packet identifier is wrong");
}

/// Checks that both ways to create a message from a PUBLISH give equal messages, and that the packet for the receiver
/// has the content that the sender sent.
fn check_message(view: &PublishView<'_>, publish: &Publish, version: ProtocolVersion) {
    let topic = if view.topic.is_empty() { "resolved/alias" } else { view.topic };
    let now = Instant::now();
    let copied = Message::from_view(view, topic, 7, now);
    let shared = Message::from_wire(Bytes::copy_from_slice(view.wire), view, topic, 7, now);
    let parts =
        |message: &Message| (message.topic().to_owned(), message.properties().to_vec(), message.expires_at());
    assert_eq!(parts(&copied), parts(&shared), "a copied and a shared message differ");
    assert_eq!(copied.payload(), shared.payload_bytes());
    let expected = Publish {
        dup: false,
        retain: false,
        topic: topic.to_owned(),
        packet_id: PacketId::new(9).filter(|_| publish.qos != QoS::AtMostOnce),
        properties: PublishProperties {
            alias: None,
            subscription_identifiers: vec![128, 1],
            ..publish.properties.clone()
        },
        ..publish.clone()
    };
    for message in [&copied, &shared] {
        check_outgoing(message, &expected, version, now);
    }
}

fn check_outgoing(message: &Message, expected: &Publish, version: ProtocolVersion, now: Instant) {
    let mut outgoing = OutgoingPublish::from_message(message, now);
    outgoing.packet_id = expected.packet_id;
    outgoing.subscription_identifiers = &expected.properties.subscription_identifiers;
    let mut out = Vec::new();
    outgoing.encode(version, &mut out);
    assert_eq!(out.len(), outgoing.size(version), "the computed size is wrong");
    let mut expected = expected.clone();
    if !version.is_v5() {
        expected.properties = PublishProperties::default();
    }
    assert_eq!(
        super::decode_one(&out, version),
        Packet::from(expected),
        "the receiver gets another message than was published"
    );
    let left = message.expiry_left(now + Duration::from_secs(1));
    assert!(left <= message.expiry_left(now), "the expiry interval grew");
}
