//! Agreement with `mqtt-protocol-core`, a codec by others: on valid packets in both directions, and on packets with one bit
//! flipped, where every disagreement is one of those listed here.

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
    fn valid_mqtt_5_packets_agree(packet in packet(V5)) {
        check_valid(&packet, V5)?;
    }

    #[test]
    fn valid_mqtt_3_1_1_packets_agree(packet in packet(V3)) {
        check_valid(&packet, V3)?;
    }

    #[test]
    fn mqtt_5_packets_with_a_flipped_bit_agree(packet in packet(V5)) {
        check_flipped(&packet, V5)?;
    }

    #[test]
    fn mqtt_3_1_1_packets_with_a_flipped_bit_agree(packet in packet(V3)) {
        check_flipped(&packet, V3)?;
    }
}

/// The other codec reads what we write, and we read what it writes.
fn check_valid(packet: &Packet, version: ProtocolVersion) -> Result<(), TestCaseError> {
    let bytes = encode(packet, version);
    let reference = with_frame(&bytes, version, |frame| read_with_reference(frame, version));
    match reference.flatten() {
        Some(written) => prop_assert_eq!(decode(&written, version), Some(packet.clone())),
        None => {
            prop_assert!(
                only_the_reference_refuses(packet, version),
                "refused by the other codec: {:?} {:?}",
                packet,
                bytes
            )
        }
    }
    Ok(())
}

/// Both read the same or refuse, but for the differences listed.
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
            return Err(TestCaseError::fail("the header was not touched"));
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

/// Valid packets that the other codec refuses.
fn only_the_reference_refuses(packet: &Packet, version: ProtocolVersion) -> bool {
    match packet {
        // It allows a password only with a user name, 5.0 allows it alone [MQTT5-3.1.2-19]. And it has one codec for each
        // version, where a CONNECT brings its own.
        Packet::Connect(connect) => {
            connect.version != version || (connect.password.is_some() && connect.user_name.is_none())
        }
        // Table 2-6 of the specification lists 0x8C for DISCONNECT, section 3.14.2.1 does not.
        Packet::Disconnect(disconnect) => disconnect.reason == ReasonCode::BadAuthenticationMethod,
        // We refuse a bad share name alone, with a code in SUBACK, as any other bad filter.
        Packet::Subscribe(subscribe) => subscribe.filters.iter().any(|entry| is_bad_share(&entry.filter)),
        Packet::Unsubscribe(unsubscribe) => unsubscribe.filters.iter().any(is_bad_share),
        _ => false,
    }
}

fn is_bad_share(filter: &Result<SubscriptionFilter, InvalidFilter>) -> bool {
    let error = filter.as_ref().err().map(|invalid| invalid.error);
    matches!(error, Some(TopicError::ShareName | TopicError::ShareFilter))
}

/// Faults that the other codec lets pass, and why we do not.
const STRICTER: [(Fault, &str); 16] = [
    (Fault::TextNul, "[MQTT5-1.5.4-2] in every text"),
    (Fault::UserPropertyText, "[MQTT5-1.5.7-1], for U+0000"),
    (Fault::VariableLength, "[MQTT5-1.5.5-1] holds for property lengths too"),
    (Fault::Truncated, "[MQTT5-2.2.2-1]: it takes a PUBLISH that ends before its property length"),
    (Fault::PacketIdZero, "[MQTT5-2.2.1-3]: it checks some packets only"),
    (Fault::TopicEmpty, "[MQTT5-4.7.3-1]: it leaves that to its connection"),
    (Fault::TopicWildcard, "[MQTT5-3.3.2-2]: it leaves that to its connection"),
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
    // UNSUBACK of 3.x cannot refuse a filter, and UNSUBSCRIBE with one that is none [MQTT3-4.7.1-2] closes the connection.
    fault == Fault::FilterInvalid || STRICTER.iter().any(|(known, _)| *known == fault)
}

fn with_frame<T>(bytes: &[u8], version: ProtocolVersion, work: impl FnOnce(&Frame<'_>) -> T) -> Option<T> {
    match frame::next(bytes, version, PACKET_SIZE_MAX).ok()? {
        Next::Frame(frame) => Some(work(&frame)),
        Next::Incomplete { .. } => None,
    }
}

/// Reads with the other codec and writes again; `None` where it refuses or leaves bytes over.
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
