//! Makes SUBSCRIBE, UNSUBSCRIBE, DISCONNECT and AUTH packets.

use tidegate_mqtt::property::PacketContext;
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Auth, Disconnect, InvalidFilter, Packet, ProtocolVersion, QoS, ReasonCode, RetainHandling, Subscribe,
    SubscribeEntry, SubscriptionOptions, Unsubscribe,
};

use super::publish::{identifier, packet_id};
use super::{in_v5, reason, user_properties};
use crate::source::Source;

pub(super) fn subscribe(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let count = 1 + source.below(3);
    let entry = |source: &mut Source<'_>| SubscribeEntry {
        filter: filter(source),
        options: options(source, version),
    };
    Packet::Subscribe(Subscribe {
        packet_id: packet_id(source),
        identifier: in_v5(source, version, identifier),
        user_properties: user_properties(source, version),
        filters: (0..count).map(|_| entry(source)).collect(),
    })
}

pub(super) fn unsubscribe(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let mut filters: Vec<_> = (0..=source.below(3)).map(|_| filter(source)).collect();
    if !version.is_v5() {
        filters.retain(Result::is_ok);
        filters.push(Ok(SubscriptionFilter::parse("a").expect("a valid filter")));
    }
    let user_properties = user_properties(source, version);
    Packet::Unsubscribe(Unsubscribe { packet_id: packet_id(source), user_properties, filters })
}

pub(super) fn disconnect(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    if !version.is_v5() {
        return Disconnect::new(ReasonCode::Success).into();
    }
    let mut disconnect = Disconnect::new(reason(source, PacketContext::Disconnect));
    disconnect.session_expiry = in_v5(source, version, Source::next_u32);
    disconnect.reason_string = in_v5(source, version, |source| super::text(source).to_owned());
    disconnect.server_reference = in_v5(source, version, |source| super::text(source).to_owned());
    disconnect.user_properties = user_properties(source, version);
    disconnect.into()
}

pub(super) fn auth(source: &mut Source<'_>, version: ProtocolVersion) -> Packet {
    let mut auth = Auth::new(reason(source, PacketContext::Auth), super::text(source), None);
    auth.authentication_data = in_v5(source, version, super::bytes);
    auth.reason_string = in_v5(source, version, |source| super::text(source).to_owned());
    auth.user_properties = user_properties(source, version);
    auth.into()
}

fn filter(source: &mut Source<'_>) -> Result<SubscriptionFilter, InvalidFilter> {
    let text = super::filter(source);
    SubscriptionFilter::parse(text).map_err(|error| InvalidFilter { text: text.into(), error })
}

fn options(source: &mut Source<'_>, version: ProtocolVersion) -> SubscriptionOptions {
    let plain = SubscriptionOptions::with_qos(source.pick(&QoS::ALL));
    if !version.is_v5() {
        return plain;
    }
    SubscriptionOptions {
        no_local: source.next_bool(),
        retain_as_published: source.next_bool(),
        retain_handling: source.pick(&[
            RetainHandling::Send,
            RetainHandling::SendIfNew,
            RetainHandling::Never,
        ]),
        ..plain
    }
}
