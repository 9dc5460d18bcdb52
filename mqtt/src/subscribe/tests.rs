//! Tests of SUBSCRIBE and UNSUBSCRIBE.

use super::{RetainHandling, Subscribe, SubscribeEntry, SubscriptionOptions};
use crate::error::Fault;
use crate::frame::{self, Next};
use crate::topic::{SubscriptionFilter, TopicError};
use crate::{Packet, PacketId, ProtocolVersion, QoS, Unsubscribe, UserProperties};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;

fn decode(first: u8, body: &[u8], version: ProtocolVersion) -> Result<Packet, Fault> {
    let bytes = [&[first, u8::try_from(body.len()).unwrap()], body].concat();
    match frame::next(&bytes, version, 1000).map_err(|error| error.fault())? {
        Next::Frame(frame) => Packet::decode(&frame, version).map_err(|error| error.fault()),
        Next::Incomplete { .. } => unreachable!("the packet is complete"),
    }
}

fn subscribe(body: &[u8], version: ProtocolVersion) -> Result<Subscribe, Fault> {
    match decode(0x82, body, version)? {
        Packet::Subscribe(subscribe) => Ok(subscribe),
        other => unreachable!("{other:?}"),
    }
}

fn unsubscribe(body: &[u8], version: ProtocolVersion) -> Result<Unsubscribe, Fault> {
    match decode(0xA2, body, version)? {
        Packet::Unsubscribe(unsubscribe) => Ok(unsubscribe),
        other => unreachable!("{other:?}"),
    }
}

fn entry(filter: &str, options: SubscriptionOptions) -> SubscribeEntry {
    SubscribeEntry { filter: Ok(SubscriptionFilter::parse(filter).unwrap()), options }
}

#[test]
fn mqtt_5_options_are_read_and_written_for_every_byte() {
    for byte in 0..=255_u8 {
        let result = subscribe(&[0, 1, 0, 0, 1, b'a', byte], V5);
        let expected = match byte {
            reserved if reserved & 0xC0 != 0 => Err(Fault::OptionsReserved),
            value if value & 0x03 == 3 || value & 0x30 == 0x30 => Err(Fault::OptionsValue),
            _ => Ok(()),
        };
        assert_eq!(result.as_ref().map(|_| ()).map_err(|fault| *fault), expected, "{byte:#04x}");
        if let Ok(subscribe) = result {
            let options = subscribe.filters[0].options;
            assert_eq!(options.qos.value(), byte & 3);
            assert_eq!((options.no_local, options.retain_as_published), (byte & 4 != 0, byte & 8 != 0));
            assert_eq!(options.retain_handling.value(), byte >> 4);
            let mut out = Vec::new();
            Packet::from(subscribe).encode(V5, &mut out).unwrap();
            assert_eq!(out.last(), Some(&byte));
        }
    }
}

/// `[MQTT3-3.8.3-4]`
#[test]
fn mqtt_3_options_carry_only_the_qos() {
    for byte in 0..=255_u8 {
        let result = subscribe(&[0, 1, 0, 1, b'a', byte], V3);
        assert_eq!(result.is_ok(), byte <= 2, "{byte:#04x}");
    }
    let options = SubscriptionOptions {
        no_local: true,
        retain_handling: RetainHandling::Never,
        ..SubscriptionOptions::with_qos(QoS::AtLeastOnce)
    };
    let filters = vec![entry("a", options)];
    let packet = Subscribe {
        packet_id: PacketId::MIN,
        identifier: Some(4),
        user_properties: UserProperties::new(),
        filters,
    };
    let mut out = Vec::new();
    Packet::from(packet).encode(V3, &mut out).unwrap();
    assert_eq!(out, [0x82, 6, 0, 1, 0, 1, b'a', 1]);
}

#[test]
fn filters_and_subscription_identifier_of_a_subscribe_are_read() {
    let body =
        [&[0, 9, 3, 0x0B, 0xC8, 0x01][..], &[0, 3], b"a/#", &[1], &[0, 10], b"$share/g/t", &[2]].concat();
    let read = subscribe(&body, V5).unwrap();
    assert_eq!((read.packet_id.get(), read.identifier), (9, Some(200)));
    assert_eq!(
        read.filters,
        [
            entry("a/#", SubscriptionOptions::with_qos(QoS::AtLeastOnce)),
            entry("$share/g/t", SubscriptionOptions::with_qos(QoS::ExactlyOnce))
        ]
    );
    assert_eq!(subscribe(&[0, 9, 2, 0x0B, 0, 0, 1, b'a', 0], V5), Err(Fault::PropertyValue));
    assert_eq!(subscribe(&[0, 9, 4, 0x0B, 1, 0x0B, 2, 0, 1, b'a', 0], V5), Err(Fault::PropertyRepeated));
}

/// SUBACK refuses only the filter with misplaced wildcards, not the others.
#[test]
fn an_invalid_filter_is_kept_beside_valid_ones() {
    let body =
        [&[0, 1, 0][..], &[0, 2], b"a#", &[1], &[0, 8], b"$share/g", &[0], &[0, 1], b"b", &[0]].concat();
    let read = subscribe(&body, V5).unwrap();
    let error = |index: usize| read.filters[index].filter.as_ref().map_err(|invalid| invalid.error).err();
    assert_eq!(error(0), Some(TopicError::MultiLevelWildcard));
    assert_eq!(error(1), Some(TopicError::ShareFilter));
    assert_eq!(error(2), None);
    let mut out = Vec::new();
    Packet::from(read).encode(V5, &mut out).unwrap();
    assert_eq!(out[2..], body);
}

#[test]
fn a_malformed_subscribe_is_refused_as_a_whole() {
    assert_eq!(subscribe(&[0, 1, 0], V5), Err(Fault::NoFilters));
    assert_eq!(subscribe(&[0, 1], V3), Err(Fault::NoFilters));
    assert_eq!(subscribe(&[0, 1], V5), Err(Fault::Truncated), "no property length");
    assert_eq!(subscribe(&[0, 0, 0, 0, 1, b'a', 0], V5), Err(Fault::PacketIdZero));
    assert_eq!(subscribe(&[0, 1, 0, 0, 0, 0], V5), Err(Fault::FilterEmpty));
    assert_eq!(subscribe(&[0, 1, 0, 0, 1, 0, 0], V5), Err(Fault::TextNul));
    assert_eq!(subscribe(&[0, 1, 0, 0, 1, 0xFF, 0], V5), Err(Fault::TextEncoding));
    assert_eq!(subscribe(&[0, 1, 0, 0, 1, b'a'], V5), Err(Fault::Truncated));
    assert_eq!(decode(0x80, &[0, 1, 0, 0, 1, b'a', 0], V5), Err(Fault::HeaderFlags));
    let packet = Subscribe {
        packet_id: PacketId::MIN,
        identifier: None,
        user_properties: UserProperties::new(),
        filters: Vec::new(),
    };
    assert!(Packet::from(packet).encode(V5, &mut Vec::new()).is_err());
}

#[test]
fn the_filters_of_an_unsubscribe_are_read() {
    let body = [&[0, 9, 0, 0, 3][..], b"a/#", &[0, 2], b"b+"].concat();
    let read = unsubscribe(&body, V5).unwrap();
    assert_eq!(read.filters[0], Ok(SubscriptionFilter::parse("a/#").unwrap()));
    assert_eq!(read.filters[1].as_ref().map_err(|invalid| &*invalid.text), Err("b+"));
    let mut out = Vec::new();
    Packet::from(read).encode(V5, &mut out).unwrap();
    assert_eq!(out[2..], body);
    // In MQTT 3.x, UNSUBACK cannot refuse a single filter.
    assert_eq!(unsubscribe(&[0, 9, 0, 2, b'b', b'+'], V3), Err(Fault::FilterInvalid));
    assert_eq!(unsubscribe(&[0, 9, 0], V5), Err(Fault::NoUnsubscribeFilters));
    assert_eq!(unsubscribe(&[0, 9, 0, 0, 0], V5), Err(Fault::FilterEmpty));
    assert_eq!(unsubscribe(&[0, 0, 0, 0, 1, b'a'], V5), Err(Fault::PacketIdZero));
}
