//! Comparison with `mqtt-protocol-core`, an independent codec: on valid packets in both directions, and on packets with
//! one flipped bit. Every known difference between the codecs is listed here.

use mqtt_protocol_core::mqtt::packet::{v3_1_1, v5_0};
use proptest::prelude::*;
use tidegate_mqtt::frame::{self, Frame, Next, PACKET_SIZE_MAX};
use tidegate_mqtt::topic::{SubscriptionFilter, TopicError};
use tidegate_mqtt::{Fault, InvalidFilter, Packet, PacketType, ProtocolVersion, ReasonCode};

use crate::packets::packet;
use crate::round_trip::{decode, encode};

const V5: ProtocolVersion = ProtocolVersion::V5;
const V3: ProtocolVersion = ProtocolVersion::V3_1_1;

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn both_codecs_agree_on_valid_mqtt_5_packets(packet in packet(V5)) {
        check_valid(&packet, V5)?;
    }

    #[test]
    fn both_codecs_agree_on_valid_mqtt_3_1_1_packets(packet in packet(V3)) {
        check_valid(&packet, V3)?;
    }

    #[test]
    fn both_codecs_agree_on_mqtt_5_packets_with_a_flipped_bit(packet in packet(V5)) {
        check_flipped(&packet, V5)?;
    }

    #[test]
    fn both_codecs_agree_on_mqtt_3_1_1_packets_with_a_flipped_bit(packet in packet(V3)) {
        check_flipped(&packet, V3)?;
    }
}

/// Checks that the reference codec reads the packets of our codec, and that our codec reads the packets of the
/// reference codec.
fn check_valid(packet: &Packet, version: ProtocolVersion) -> Result<(), TestCaseError> {
    let bytes = encode(packet, version);
    let reference = with_frame(&bytes, version, |frame| read_with_reference(frame, version));
    match reference.flatten() {
        Some(written) => prop_assert_eq!(decode(&written, version), Some(packet.clone())),
        None => {
            prop_assert!(
                only_the_reference_refuses(packet, version),
                "refused by the reference codec: {:?} {:?}",
                packet,
                bytes
            )
        }
    }
    Ok(())
}

/// Checks that both codecs read the same packet or both refuse it, except for the listed differences.
fn check_flipped(packet: &Packet, version: ProtocolVersion) -> Result<(), TestCaseError> {
    let bytes = encode(packet, version);
    let header_size =
        with_frame(&bytes, version, |frame| frame.wire.len() - frame.body.len()).unwrap_or_default();
    for bit in header_size * 8..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Some((ours, reference)) = with_frame(&flipped, version, |frame| {
            (
                Packet::decode(frame, version).map_err(|error| error.fault()),
                read_with_reference(frame, version),
            )
        }) else {
            return Err(TestCaseError::fail("the header is unchanged, so there must be a frame"));
        };
        match (ours, reference) {
            (Ok(ours), Some(reference)) => prop_assert_eq!(decode(&reference, version), Some(ours)),
            (Ok(ours), None) => {
                prop_assert!(
                    only_the_reference_refuses(&ours, version),
                    "we accept: {:?} {:?}",
                    ours,
                    flipped
                )
            }
            (Err(fault), Some(_)) => {
                prop_assert!(is_known_stricter_check(fault), "we refuse: {:?} {:?}", fault, flipped);
            }
            (Err(_), None) => {}
        }
    }
    Ok(())
}

/// Returns whether a valid packet is one that only the reference codec refuses.
fn only_the_reference_refuses(packet: &Packet, version: ProtocolVersion) -> bool {
    match packet {
        // The reference codec allows a password only with a user name; MQTT 5.0 allows a password alone
        // [MQTT5-3.1.2-19]. The reference codec also has one codec per version, while a CONNECT states its own version.
        Packet::Connect(connect) => {
            connect.version != version || (connect.password.is_some() && connect.user_name.is_none())
        }
        // Table 2-6 of the specification lists 0x8C for DISCONNECT, but section 3.14.2.1 does not.
        Packet::Disconnect(disconnect) => disconnect.reason == ReasonCode::BadAuthenticationMethod,
        // Our codec refuses an invalid share name like any other invalid filter: only this filter, with a reason code
        // in SUBACK.
        Packet::Subscribe(subscribe) => {
            subscribe.filters.iter().any(|entry| has_invalid_share(&entry.filter))
        }
        Packet::Unsubscribe(unsubscribe) => unsubscribe.filters.iter().any(has_invalid_share),
        _ => false,
    }
}

fn has_invalid_share(filter: &Result<SubscriptionFilter, InvalidFilter>) -> bool {
    let error = filter.as_ref().err().map(|invalid| invalid.error);
    matches!(error, Some(TopicError::ShareName | TopicError::ShareFilter))
}

/// Faults that our codec reports and the reference codec does not, with the reason.
const STRICTER_CHECKS: [(Fault, &str); 16] = [
    (Fault::TextNul, "[MQTT5-1.5.4-2] applies to every string"),
    (Fault::UserPropertyText, "[MQTT5-1.5.7-1], in case of U+0000"),
    (Fault::VariableLength, "[MQTT5-1.5.5-1] applies to property lengths too"),
    (Fault::Truncated, "[MQTT5-2.2.2-1]: it accepts a PUBLISH that ends before its property length"),
    (Fault::PacketIdZero, "[MQTT5-2.2.1-3]: it checks only some packets"),
    (Fault::TopicEmpty, "[MQTT5-4.7.3-1]: its connection layer checks that"),
    (Fault::TopicWildcard, "[MQTT5-3.3.2-2]: its connection layer checks that"),
    (Fault::ResponseTopic, "[MQTT5-3.3.2-14]"),
    (Fault::AuthenticationMethodMissing, "section 3.1.2.11.10: no authentication data without a method"),
    (Fault::WillTopic, "[MQTT5-4.7.0-1]"),
    (Fault::WillFlags, "[MQTT5-3.1.2-11]"),
    (Fault::WillQoS, "[MQTT5-3.1.2-12]"),
    (Fault::ConnectReserved, "[MQTT5-3.1.2-3]"),
    (Fault::ConnAckFlags, "[MQTT5-3.2.2-1]"),
    (Fault::SessionPresent, "[MQTT5-3.2.2-6]"),
    (Fault::OptionsReserved, "[MQTT3-3.8.3-4]"),
];

fn is_known_stricter_check(fault: Fault) -> bool {
    // In MQTT 3.x, UNSUBACK cannot refuse a filter, so an UNSUBSCRIBE with an invalid filter is a fault
    // [MQTT3-4.7.1-2].
    fault == Fault::FilterInvalid || STRICTER_CHECKS.iter().any(|(known, _)| *known == fault)
}

fn with_frame<T>(bytes: &[u8], version: ProtocolVersion, work: impl FnOnce(&Frame<'_>) -> T) -> Option<T> {
    match frame::next(bytes, version, PACKET_SIZE_MAX).ok()? {
        Next::Frame(frame) => Some(work(&frame)),
        Next::Incomplete { .. } => None,
    }
}

/// Reads a packet with the reference codec and writes it again. `None` if the reference codec refuses the packet or
/// leaves bytes unread.
macro_rules! read {
    ($body:expr, $module:ident :: $name:ident) => {
        $module::$name::parse($body)
            .ok()
            .filter(|(_, used)| *used == $body.len())
            .map(|(packet, _)| packet.to_continuous_buffer())
    };
}

macro_rules! read_all {
    ($function:ident $module:ident $($more:ident)?) => {
        fn $function(frame: &Frame<'_>) -> Option<Vec<u8>> {
            let body = frame.body;
            match frame.packet_type {
                PacketType::Connect => read!(body, $module::Connect),
                PacketType::ConnAck => read!(body, $module::Connack),
                PacketType::Publish => $module::Publish::parse(frame.flags, body.into())
                    .ok()
                    .map(|(packet, _)| packet.to_continuous_buffer()),
                PacketType::PubAck => read!(body, $module::Puback),
                PacketType::PubRec => read!(body, $module::Pubrec),
                PacketType::PubRel => read!(body, $module::Pubrel),
                PacketType::PubComp => read!(body, $module::Pubcomp),
                PacketType::Subscribe => read!(body, $module::Subscribe),
                PacketType::SubAck => read!(body, $module::Suback),
                PacketType::Unsubscribe => read!(body, $module::Unsubscribe),
                PacketType::UnsubAck => read!(body, $module::Unsuback),
                PacketType::PingReq => read!(body, $module::Pingreq),
                PacketType::PingResp => read!(body, $module::Pingresp),
                PacketType::Disconnect => read!(body, $module::Disconnect),
                $(PacketType::$more => read!(body, $module::$more),)?
                #[allow(unreachable_patterns)]
                _ => None,
            }
        }
    };
}

read_all!(read_v3_1_1 v3_1_1);
read_all!(read_v5 v5_0 Auth);

fn read_with_reference(frame: &Frame<'_>, version: ProtocolVersion) -> Option<Vec<u8>> {
    if version.is_v5() { read_v5(frame) } else { read_v3_1_1(frame) }
}
