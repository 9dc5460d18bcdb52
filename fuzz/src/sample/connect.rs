//! Makes CONNECT packets with and without a will, credentials and properties.

use bytes::Bytes;
use tidegate_mqtt::{Connect, Packet, ProtocolVersion, QoS, Will, topic};

use super::{forwardable, in_v5, user_properties};
use crate::source::Source;

pub(super) fn connect(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let mut connect = Connect::new(version, super::text(source));
    connect.clean_start = source.next_bool();
    connect.keep_alive = source.next_u16();
    connect.user_name = source.maybe(|source| super::text(source).to_owned());
    if version.is_v5() || connect.user_name.is_some() {
        connect.password = source.maybe(super::bytes);
    }
    connect.will = source.maybe(|source| will(source, version));
    set_properties(source, &mut connect);
    connect.into()
}

fn set_properties(source: &mut Source<'_>, connect: &mut Connect) {
    let version = connect.version;
    connect.session_expiry = in_v5(source, version, Source::next_u32);
    connect.receive_maximum = in_v5(source, version, |source| source.next_u16().max(1));
    connect.packet_size_max = in_v5(source, version, |source| source.next_u32().max(1));
    connect.topic_alias_maximum = in_v5(source, version, Source::next_u16);
    connect.request_response_information = in_v5(source, version, Source::next_bool).unwrap_or(false);
    connect.request_problem_information = in_v5(source, version, Source::next_bool).unwrap_or(true);
    connect.authentication_method = in_v5(source, version, |source| super::text(source).to_owned());
    if connect.authentication_method.is_some() {
        connect.authentication_data = in_v5(source, version, super::bytes);
    }
    connect.user_properties = user_properties(source, version);
}

fn will(source: &mut Source<'_>, version: ProtocolVersion) -> Will {
    let name = topic::Name::parse(super::name(source)).expect("a topic name");
    let mut will = Will::new(name, super::bytes(source), source.pick(&QoS::ALL));
    will.retain = source.next_bool();
    will.delay = in_v5(source, version, Source::next_u32).unwrap_or(0);
    will.expiry = in_v5(source, version, Source::next_u32);
    will.properties = in_v5(source, version, |source| forwardable(source, version)).unwrap_or(Bytes::new());
    will
}
