//! Tests of the application message. `Instant::now` only provides a start time; the tests never wait.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Message;
use crate::frame::{self, Next};
use crate::{OutgoingPublish, ProtocolVersion, PublishView, QoS, Will, topic};

const V5: ProtocolVersion = ProtocolVersion::V5;

/// Returns a PUBLISH with topic alias 7, user property n=v, message expiry interval 60, subscription identifier 5,
/// content type c and payload `pay`.
fn wire() -> Vec<u8> {
    let properties = [
        &[0x23, 0, 7][..],
        &[0x26, 0, 1, 0x6E, 0, 1, 0x76],
        &[0x02, 0, 0, 0, 60],
        &[0x0B, 5],
        &[0x03, 0, 1, 0x63],
    ]
    .concat();
    let body =
        [&[0, 3][..], b"a/b", &[0, 9, u8::try_from(properties.len()).unwrap()], &properties, b"pay"].concat();
    [&[0x33, u8::try_from(body.len()).unwrap()][..], &body].concat()
}

fn view(wire: &[u8]) -> PublishView<'_> {
    match frame::next(wire, V5, 1000).unwrap() {
        Next::Frame(frame) => PublishView::parse(&frame, V5).unwrap(),
        Next::Incomplete { .. } => unreachable!("the packet is complete"),
    }
}

const FORWARDED_PROPERTIES: [u8; 11] = [0x26, 0, 1, 0x6E, 0, 1, 0x76, 0x03, 0, 1, 0x63];

#[test]
fn a_message_keeps_forwardable_properties_in_their_order() {
    let (wire, now) = (wire(), Instant::now());
    let publish_view = view(&wire);
    let copied = Message::from_view(&publish_view, "a/b", 4, now);
    let shared = Message::from_wire(Bytes::from(wire.clone()), &publish_view, "a/b", 4, now);
    for message in [copied, shared] {
        assert_eq!(message.topic(), "a/b");
        assert_eq!(message.properties(), FORWARDED_PROPERTIES);
        assert_eq!(message.payload(), b"pay");
        assert_eq!(message.payload_bytes(), "pay");
        assert_eq!((message.qos(), message.retain(), message.publisher()), (QoS::AtLeastOnce, true, 4));
        assert_eq!(message.expires_at(), Some(now + Duration::from_secs(60)));
    }
}

#[test]
fn a_large_payload_is_shared_with_its_packet() {
    let wire = Bytes::from(wire());
    let publish_view = view(&wire);
    let shared = Message::from_wire(wire.clone(), &publish_view, "resolved/topic", 4, Instant::now());
    assert_eq!(shared.payload().as_ptr(), publish_view.payload.as_ptr());
    assert_eq!(shared.topic(), "resolved/topic");
    assert_eq!(
        shared.size(),
        size_of::<Message>() + wire.len() + "resolved/topic".len() + FORWARDED_PROPERTIES.len()
    );
}

#[test]
fn a_message_without_properties_is_copied_unchanged() {
    let bytes = [&[0x30, 7, 0, 1, 0x61, 0][..], b"pay"].concat();
    let message = Message::from_view(&view(&bytes), "a", 1, Instant::now());
    assert_eq!((message.topic(), message.properties(), message.payload()), ("a", &[][..], &b"pay"[..]));
    assert_eq!(message.size(), size_of::<Message>() + 4);
    assert!(size_of::<Message>() <= 96);
    assert_eq!(message.expires_at(), None);
}

/// `[MQTT5-3.3.2-5]` `[MQTT5-3.3.2-6]`
#[test]
fn the_remaining_expiry_interval_counts_down_to_expiry() {
    let (wire, now) = (wire(), Instant::now());
    let message = Message::from_view(&view(&wire), "a/b", 4, now);
    let after = |millis| now + Duration::from_millis(millis);
    assert_eq!(message.expiry_left(now), Some(60));
    assert_eq!(message.expiry_left(after(3_001)), Some(57));
    assert_eq!(OutgoingPublish::from_message(&message, after(59_001)).expiry, Some(1));
    assert!(!message.is_expired(after(59_999)));
    assert!(message.is_expired(after(60_000)));
    assert_eq!(message.expiry_left(after(61_000)), Some(0));
}

#[test]
fn a_will_becomes_a_message() {
    let now = Instant::now();
    let mut will = Will::new(topic::Name::parse("w/t").unwrap(), "gone", QoS::ExactlyOnce);
    will.retain = true;
    will.expiry = Some(5);
    will.properties = Bytes::from_static(&FORWARDED_PROPERTIES);
    let message = Message::from_will(&will, 9, now);
    assert_eq!(
        (message.topic(), message.payload(), message.properties()),
        ("w/t", &b"gone"[..], &FORWARDED_PROPERTIES[..])
    );
    assert_eq!((message.qos(), message.retain(), message.publisher()), (QoS::ExactlyOnce, true, 9));
    assert_eq!(message.expiry_left(now), Some(5));
}

#[test]
fn debug_shows_no_payload() {
    let wire = wire();
    let text = format!("{:?}", Message::from_view(&view(&wire), "a/b", 4, Instant::now()));
    assert!(text.contains("a/b") && !text.contains("pay\"") && text.contains("payload_size: 3"), "{text}");
}
