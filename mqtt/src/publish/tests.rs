//! Tests of PUBLISH: the view of a received packet, and writing from parts.

use super::{OutgoingAlias, OutgoingPublish, Publish, PublishView};
use crate::error::Fault;
use crate::frame::{self, Next};
use crate::{Packet, PacketId, ProtocolVersion, QoS, variable};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;

fn wire(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x30 | flags];
    variable::put(body.len(), &mut bytes);
    bytes.extend_from_slice(body);
    bytes
}

fn view(bytes: &[u8], version: ProtocolVersion) -> Result<PublishView<'_>, Fault> {
    match frame::next(bytes, version, 100_000).map_err(|error| error.fault())? {
        Next::Frame(frame) => PublishView::parse(&frame, version).map_err(|error| error.fault()),
        Next::Incomplete { .. } => unreachable!("the packet is complete"),
    }
}

fn outgoing<'a>() -> OutgoingPublish<'a> {
    OutgoingPublish::plain("a/b", b"xyz")
}

fn encoded(outgoing: &OutgoingPublish<'_>, version: ProtocolVersion) -> Vec<u8> {
    let mut out = vec![0xEE];
    outgoing.encode(version, &mut out);
    assert_eq!(out.len() - 1, outgoing.size(version));
    out.split_off(1)
}

#[test]
fn all_parts_of_a_publish_are_read() {
    let body = [&[0, 1, 0x61, 0x12, 0x34, 8, 0x23, 0, 7, 0x02, 0, 0, 0, 9][..], b"pay"].concat();
    let bytes = wire(0b1101, &body);
    let seen = view(&bytes, V5).unwrap();
    assert!(seen.dup && seen.retain && !seen.has_subscription_id);
    assert_eq!((seen.qos, seen.packet_id.map(PacketId::get)), (QoS::ExactlyOnce, Some(0x1234)));
    assert_eq!((seen.topic, seen.payload), ("a", &b"pay"[..]));
    assert_eq!((seen.alias, seen.expiry), (Some(7), Some(9)));
    assert_eq!((seen.properties, seen.wire), (&body[6..14], &bytes[..]));
    assert!(!seen.is_forwardable_frame());
}

#[test]
fn only_a_frame_without_receiver_specific_parts_is_copyable() {
    let is_forwardable =
        |flags, body: &[u8], version| view(&wire(flags, body), version).unwrap().is_forwardable_frame();
    assert!(is_forwardable(0, &[0, 1, 0x61, 0, 1], V5));
    assert!(is_forwardable(0, &[0, 1, 0x61, 1], V3));
    assert!(is_forwardable(0, &[0, 1, 0x61, 5, 0x26, 0, 0, 0, 0], V5));
    assert!(is_forwardable(0b0010, &[0, 1, 0x61, 0, 1, 0], V5), "QoS 1");
    assert!(is_forwardable(0b0100, &[0, 1, 0x61, 0, 1, 0], V5), "QoS 2");
    assert!(!is_forwardable(0b1010, &[0, 1, 0x61, 0, 1, 0], V5), "DUP");
    assert!(!is_forwardable(0b0011, &[0, 1, 0x61, 0, 1, 0], V5), "RETAIN at QoS 1");
    assert!(!is_forwardable(1, &[0, 1, 0x61, 0], V5), "RETAIN");
    assert!(!is_forwardable(0, &[0, 1, 0x61, 3, 0x23, 0, 1], V5), "alias");
    assert!(!is_forwardable(0, &[0, 0, 3, 0x23, 0, 1], V5), "alias alone");
    assert!(!is_forwardable(0, &[0, 1, 0x61, 5, 0x02, 0, 0, 0, 1], V5), "expiry");
    assert!(!is_forwardable(0, &[0, 1, 0x61, 2, 0x0B, 1], V5), "identifier");
    assert!(
        !view(&[0x30, 0x84, 0x00, 0, 1, 0x61, 0x78], V3).unwrap().is_forwardable_frame(),
        "padded length"
    );
}

#[test]
fn the_packet_identifier_is_found_after_the_topic() {
    for payload_size in [0, 1, 121, 122, 123, 200, 16_376, 16_377, 16_378, 20_000] {
        for version in [V3, V5] {
            let properties: &[u8] = if version == V5 { &[0] } else { &[] };
            let body = [&[0, 3, 0x61, 0x2F, 0x62, 0x12, 0x34], properties, &vec![7; payload_size]].concat();
            let bytes = wire(0b0010, &body);
            let at = view(&bytes, version).unwrap().packet_id_at().unwrap();
            assert_eq!(bytes[at..at + 2], [0x12, 0x34], "{payload_size} bytes");
        }
    }
    assert_eq!(view(&wire(0, &[0, 1, 0x61, 0]), V5).unwrap().packet_id_at(), None);
}

#[test]
fn a_topic_equal_to_the_previous_topic_is_accepted_and_a_different_topic_is_checked() {
    let after = |topic: &[u8], before: &'static str| {
        let body = [&[0, u8::try_from(topic.len()).unwrap()], topic, &[0]].concat();
        let bytes = wire(0, &body);
        let Ok(Next::Frame(frame)) = frame::next(&bytes, V5, u32::MAX) else { panic!("no frame") };
        PublishView::parse_after(before, &frame, V5)
            .map(|seen| seen.topic.to_owned())
            .map_err(|error| error.fault())
    };
    assert_eq!(after(b"a/b", "a/b").as_deref(), Ok("a/b"));
    assert_eq!(after(b"a/c", "a/b").as_deref(), Ok("a/c"));
    assert_eq!(after(b"a/", "a/b").as_deref(), Ok("a/"));
    assert_eq!(after(b"a/+", "a/b"), Err(Fault::TopicWildcard));
    assert_eq!(after(b"", ""), Err(Fault::TopicEmpty));
}

#[test]
fn each_fault_of_a_publish_is_reported() {
    let fault = |flags, body: &[u8], version| view(&wire(flags, body), version).unwrap_err();
    for version in ProtocolVersion::ALL {
        assert_eq!(fault(0, &[0, 3, 0x61, 0x2F, 0x23, 0], version), Fault::TopicWildcard);
        assert_eq!(fault(0, &[0, 1, 0, 0], version), Fault::TextNul);
        assert_eq!(fault(0, &[0, 1, 0xFF, 0], version), Fault::TextEncoding);
        assert_eq!(fault(0, &[0, 9, 0x61], version), Fault::Truncated);
        assert_eq!(fault(0, &[0, 0, 0], version), Fault::TopicEmpty);
        assert_eq!(fault(2, &[0, 1, 0x61, 0, 0, 0], version), Fault::PacketIdZero);
        assert_eq!(fault(2, &[0, 1, 0x61, 1], version), Fault::Truncated);
    }
    assert_eq!(fault(0, &[0, 1, 0x61], V5), Fault::Truncated, "no property length");
    assert_eq!(fault(0, &[0, 1, 0x61, 9, 0x26], V5), Fault::Truncated);
    assert_eq!(fault(0, &[0, 1, 0x61, 0x80, 0], V5), Fault::VariableLength);
    assert_eq!(fault(0, &[0, 1, 0x61, 3, 0x23, 0, 0], V5), Fault::AliasZero);
    assert_eq!(fault(0, &[0, 1, 0x61, 2, 0x24, 1], V5), Fault::PropertyMisplaced);
}

#[test]
fn a_plain_publish_is_written_in_the_short_form_of_each_version() {
    let body = outgoing();
    assert_eq!(encoded(&body, V3), [&[0x30, 8, 0, 3][..], b"a/bxyz"].concat());
    assert_eq!(encoded(&body, V5), [&[0x30, 9, 0, 3][..], b"a/b", &[0], b"xyz"].concat());
}

#[test]
fn all_parts_of_a_publish_are_written_and_read_back() {
    let subscription_identifiers = [1, 200, 268_435_455];
    let full = OutgoingPublish {
        properties: &[0x26, 0, 1, 0x6E, 0, 1, 0x76, 0x01, 1],
        qos: QoS::AtLeastOnce,
        retain: true,
        dup: true,
        packet_id: PacketId::new(0x0102),
        subscription_identifiers: &subscription_identifiers,
        alias: Some(OutgoingAlias { value: 3, known: false }),
        expiry: Some(60),
        ..outgoing()
    };
    let bytes = encoded(&full, V5);
    let Next::Frame(frame) = frame::next(&bytes, V5, 1000).unwrap() else {
        unreachable!("the packet is complete")
    };
    let Packet::Publish(read) = Packet::decode(&frame, V5).unwrap() else { unreachable!("PUBLISH") };
    assert_eq!((read.topic.as_str(), read.dup, read.retain, read.qos), ("a/b", true, true, QoS::AtLeastOnce));
    assert_eq!(read.properties.subscription_identifiers, subscription_identifiers);
    assert_eq!((read.properties.alias, read.properties.expiry), (Some(3), Some(60)));
    assert_eq!(read.properties.user_properties.iter().collect::<Vec<_>>(), [("n", "v")]);
    assert_eq!(read.properties.payload_is_text, Some(true));
    let as_v3 = encoded(&full, V3);
    assert_eq!(as_v3, [&[0x3B, 10, 0, 3][..], b"a/b", &[1, 2], b"xyz"].concat());
}

#[test]
fn a_known_alias_replaces_the_topic_in_mqtt_5_only() {
    let known = OutgoingPublish { alias: Some(OutgoingAlias { value: 3, known: true }), ..outgoing() };
    assert_eq!(encoded(&known, V5), [&[0x30, 9, 0, 0, 3, 0x23, 0, 3][..], b"xyz"].concat());
    assert_eq!(encoded(&known, V3), encoded(&outgoing(), V3));
}

/// `[MQTT5-3.3.1-2]` `[MQTT3-3.3.1-2]`
#[test]
fn qos_zero_never_has_dup() {
    assert_eq!(encoded(&OutgoingPublish { dup: true, ..outgoing() }, V5)[0], 0x30);
}

/// Sizes around the boundaries of the length encoding, where off-by-one errors would appear.
#[test]
fn packet_sizes_are_correct_around_every_boundary_of_the_length_encoding() {
    for length in [100, 110, 116, 120, 121, 122, 123, 16_370, 16_374, 16_375, 16_376, 16_380] {
        let payload = vec![0; length];
        for version in ProtocolVersion::ALL {
            let bytes = encoded(&OutgoingPublish { payload: &payload, ..outgoing() }, version);
            let Next::Frame(frame) = frame::next(&bytes, version, 20_000).unwrap() else {
                unreachable!("the packet is complete")
            };
            assert_eq!(frame.wire.len(), bytes.len());
        }
    }
}

#[test]
fn an_owned_publish_that_breaks_a_rule_is_not_written() {
    let good = Publish::new("a", "x");
    let bad = [
        Publish { topic: "a/#".into(), ..good.clone() },
        Publish { topic: String::new(), ..good.clone() },
        Publish { dup: true, ..good.clone() },
        Publish { packet_id: Some(PacketId::MIN), ..good.clone() },
        Publish { qos: QoS::AtLeastOnce, ..good.clone() },
    ];
    let mut out = vec![7];
    for publish in bad {
        assert!(Packet::from(publish).encode(V5, &mut out).is_err());
        assert_eq!(out, [7]);
    }
    Packet::from(good).encode(V5, &mut out).unwrap();
    assert_eq!(out, [7, 0x30, 5, 0, 1, 0x61, 0, 0x78]);
}
