//! Makes CONNACK, SUBACK and UNSUBACK packets, and the four acknowledgements of the PUBLISH handshakes.

use tidegate_mqtt::property::PacketContext;
use tidegate_mqtt::{
    Ack, AckKind, AckProperties, ConnAck, Packet, ProtocolVersion, QoS, ReasonCode, SubAck, UnsubAck,
};

use super::publish::packet_id;
use super::{in_v5, reason, user_properties};
use crate::source::Source;

pub(super) fn connack(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    if !version.is_v5() {
        let code = ReasonCode::from_connect_return_code(source.pick(&[0, 1, 2, 3, 4, 5]));
        let code = code.expect("a return code of 3.x");
        let may_be_present = code == ReasonCode::Success && version == ProtocolVersion::V3_1_1;
        return ConnAck::new(code, may_be_present && source.next_bool()).into();
    }
    let code = reason(source, PacketContext::ConnAck);
    let mut connack = ConnAck::new(code, !code.is_error() && source.next_bool());
    set_numbers(source, &mut connack);
    set_texts(source, &mut connack);
    connack.into()
}

fn set_numbers(source: &mut Source<'_>, connack: &mut ConnAck) {
    let version = ProtocolVersion::V5;
    connack.session_expiry = in_v5(source, version, Source::next_u32);
    connack.receive_maximum = in_v5(source, version, |source| source.next_u16().max(1));
    connack.qos_max = in_v5(source, version, |source| source.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce]));
    connack.retain_available = in_v5(source, version, Source::next_bool);
    connack.packet_size_max = in_v5(source, version, |source| source.next_u32().max(1));
    connack.topic_alias_maximum = in_v5(source, version, Source::next_u16);
    connack.wildcard_available = in_v5(source, version, Source::next_bool);
    connack.identifier_available = in_v5(source, version, Source::next_bool);
    connack.shared_available = in_v5(source, version, Source::next_bool);
    connack.server_keep_alive = in_v5(source, version, Source::next_u16);
}

fn set_texts(source: &mut Source<'_>, connack: &mut ConnAck) {
    let version = ProtocolVersion::V5;
    let text = |source: &mut Source<'_>| super::text(source).to_owned();
    connack.assigned_client_id = in_v5(source, version, text);
    connack.reason_string = in_v5(source, version, text);
    connack.response_information = in_v5(source, version, text);
    connack.server_reference = in_v5(source, version, text);
    connack.authentication_method = in_v5(source, version, text);
    if connack.authentication_method.is_some() {
        connack.authentication_data = in_v5(source, version, super::bytes);
    }
    connack.user_properties = user_properties(source, version);
}

pub(super) fn ack(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let kind = source.pick(&AckKind::ALL);
    let mut ack = Ack::new(kind, packet_id(source), ReasonCode::Success);
    if version.is_v5() {
        let contexts =
            [PacketContext::PubAck, PacketContext::PubRec, PacketContext::PubRel, PacketContext::PubComp];
        let context = AckKind::ALL.into_iter().zip(contexts).find(|(of, _)| *of == kind);
        ack.reason = reason(source, context.map(|(_, context)| context).expect("each kind has a context"));
        ack.properties = properties(source, version);
    }
    ack.into()
}

pub(super) fn suback(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let return_codes =
        [ReasonCode::Success, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError];
    let count = 1 + source.below(4);
    let code = |source: &mut Source<'_>| match version.is_v5() {
        true => reason(source, PacketContext::SubAck),
        false => source.pick(&return_codes),
    };
    let reasons = (0..count).map(|_| code(source)).collect();
    SubAck { packet_id: packet_id(source), reasons, properties: properties(source, version) }.into()
}

pub(super) fn unsuback(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let count = if version.is_v5() { 1 + source.below(4) } else { 0 };
    let reasons = (0..count).map(|_| reason(source, PacketContext::UnsubAck)).collect();
    UnsubAck { packet_id: packet_id(source), reasons, properties: properties(source, version) }.into()
}

fn properties(source: &mut Source<'_>, version: ProtocolVersion) -> Option<Box<AckProperties>> {
    let reason_string = in_v5(source, version, |source| super::text(source).to_owned());
    let properties = AckProperties { reason_string, user_properties: user_properties(source, version) };
    (properties != AckProperties::default()).then(|| Box::new(properties))
}
