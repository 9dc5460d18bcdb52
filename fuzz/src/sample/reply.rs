//! CONNACK, SUBACK, UNSUBACK and the four acknowledgements of PUBLISH.

use tidegate_mqtt::property::Place;
use tidegate_mqtt::{
    Ack, AckKind, AckProperties, ConnAck, Packet, ProtocolVersion, QoS, ReasonCode, SubAck, UnsubAck,
};

use super::publish::packet_id;
use super::{five, reason, user_properties};
use crate::source::Source;

pub(super) fn connack(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    if !version.is_v5() {
        let code = ReasonCode::from_connect_return_code(source.pick(&[0, 1, 2, 3, 4, 5]));
        let code = code.expect("a return code of 3.x");
        let may_be_present = code == ReasonCode::Success && version == ProtocolVersion::V3_1_1;
        return ConnAck::new(code, may_be_present && source.flag()).into();
    }
    let code = reason(source, Place::ConnAck);
    let mut connack = ConnAck::new(code, !code.is_error() && source.flag());
    put_numbers(source, &mut connack);
    put_texts(source, &mut connack);
    connack.into()
}

fn put_numbers(source: &mut Source<'_>, connack: &mut ConnAck) {
    let version = ProtocolVersion::V5;
    connack.session_expiry = five(source, version, Source::long);
    connack.receive_maximum = five(source, version, |source| source.short().max(1));
    connack.qos_max = five(source, version, |source| source.pick(&[QoS::AtMostOnce, QoS::AtLeastOnce]));
    connack.retain_available = five(source, version, Source::flag);
    connack.packet_size_max = five(source, version, |source| source.long().max(1));
    connack.topic_alias_maximum = five(source, version, Source::short);
    connack.wildcard_available = five(source, version, Source::flag);
    connack.identifier_available = five(source, version, Source::flag);
    connack.shared_available = five(source, version, Source::flag);
    connack.server_keep_alive = five(source, version, Source::short);
}

fn put_texts(source: &mut Source<'_>, connack: &mut ConnAck) {
    let version = ProtocolVersion::V5;
    let text = |source: &mut Source<'_>| super::text(source).to_owned();
    connack.assigned_client_id = five(source, version, text);
    connack.reason_string = five(source, version, text);
    connack.response_information = five(source, version, text);
    connack.server_reference = five(source, version, text);
    connack.authentication_method = five(source, version, text);
    if connack.authentication_method.is_some() {
        connack.authentication_data = five(source, version, super::bytes);
    }
    connack.user_properties = user_properties(source, version);
}

pub(super) fn ack(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let kind = source.pick(&AckKind::ALL);
    let mut ack = Ack::new(kind, packet_id(source), ReasonCode::Success);
    if version.is_v5() {
        let places = [Place::PubAck, Place::PubRec, Place::PubRel, Place::PubComp];
        let place = AckKind::ALL.into_iter().zip(places).find(|(of, _)| *of == kind);
        ack.reason = reason(source, place.map(|(_, place)| place).expect("a place for each kind"));
        ack.properties = properties(source, version);
    }
    ack.into()
}

pub(super) fn suback(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let three =
        [ReasonCode::Success, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError];
    let count = 1 + source.below(4);
    let code = |source: &mut Source<'_>| match version.is_v5() {
        true => reason(source, Place::SubAck),
        false => source.pick(&three),
    };
    let reasons = (0..count).map(|_| code(source)).collect();
    SubAck { packet_id: packet_id(source), reasons, properties: properties(source, version) }.into()
}

pub(super) fn unsuback(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let count = if version.is_v5() { 1 + source.below(4) } else { 0 };
    let reasons = (0..count).map(|_| reason(source, Place::UnsubAck)).collect();
    UnsubAck { packet_id: packet_id(source), reasons, properties: properties(source, version) }.into()
}

fn properties(source: &mut Source<'_>, version: ProtocolVersion) -> Option<Box<AckProperties>> {
    let reason_string = five(source, version, |source| super::text(source).to_owned());
    let properties = AckProperties { reason_string, user_properties: user_properties(source, version) };
    (properties != AckProperties::default()).then(|| Box::new(properties))
}
