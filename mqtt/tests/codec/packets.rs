//! Strategies for packets, each holding only what its version can carry.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidegate_mqtt::property::Place;
use tidegate_mqtt::{
    Ack, AckKind, Auth, ConnAck, Connect, Disconnect, Packet, ProtocolVersion, Publish, QoS, ReasonCode,
    SubAck, Subscribe, SubscribeEntry, SubscriptionOptions, UnsubAck, Unsubscribe, Will,
};

use crate::values::{
    ack_properties, data, filter, identifier, name, options, packet_id, publish_properties, qos, reason,
    text, user_properties,
};

/// A packet of any kind that `version` has.
pub(crate) fn packet(version: ProtocolVersion) -> BoxedStrategy<Packet> {
    let pings = prop_oneof![Just(Packet::PingReq), Just(Packet::PingResp)];
    let both = prop_oneof![
        connect(version).prop_map(Packet::from),
        connack(version).prop_map(Packet::from),
        publish(version).prop_map(Packet::from),
        ack(version).prop_map(Packet::from),
        subscribe(version).prop_map(Packet::from),
        suback(version).prop_map(Packet::from),
        unsubscribe(version).prop_map(Packet::from),
        unsuback(version).prop_map(Packet::from),
        disconnect(version).prop_map(Packet::from),
        pings,
    ];
    if version.is_v5() {
        prop_oneof![9 => both, 1 => auth().prop_map(Packet::from)].boxed()
    } else {
        both.boxed()
    }
}

fn will(version: ProtocolVersion) -> impl Strategy<Value = Will> {
    (name(), data(), qos(), any::<bool>(), any::<u32>(), publish_properties()).prop_map(
        move |(topic, payload, qos, retain, delay, properties)| {
            let mut will = Will { retain, ..Will::new(topic, payload, qos) };
            if version.is_v5() {
                will.delay = delay;
                will.expiry = properties.expiry;
                will.properties = properties.forwardable().unwrap();
            }
            will
        },
    )
}

fn connect(version: ProtocolVersion) -> impl Strategy<Value = Connect> {
    let limits = (
        option::of(any::<u32>()),
        option::of(1..=u16::MAX),
        option::of(1..=u32::MAX),
        option::of(any::<u16>()),
        any::<(bool, bool)>(),
    );
    let authentication = option::of((text(), option::of(data())));
    let credentials = (option::of(text()), option::of(data()), option::of(will(version)));
    (text(), any::<bool>(), any::<u16>(), limits, authentication, credentials, user_properties()).prop_map(
        move |(client_id, clean_start, keep_alive, limits, authentication, credentials, user_properties)| {
            let (user_name, password, will) = credentials;
            // [MQTT3-3.1.2-22]
            let password = password.filter(|_| version.is_v5() || user_name.is_some());
            let three = Connect {
                clean_start,
                keep_alive,
                user_name,
                password,
                will,
                ..Connect::new(version, client_id)
            };
            if !version.is_v5() {
                return three;
            }
            let (authentication_method, authentication_data) = authentication.unzip();
            Connect {
                session_expiry: limits.0,
                receive_maximum: limits.1,
                packet_size_max: limits.2,
                topic_alias_maximum: limits.3,
                request_response_information: limits.4.0,
                request_problem_information: limits.4.1,
                authentication_method,
                authentication_data: authentication_data.flatten(),
                user_properties,
                ..three
            }
        },
    )
}

fn connack(version: ProtocolVersion) -> impl Strategy<Value = ConnAck> {
    let limits = (
        option::of(any::<u32>()),
        option::of(1..=u16::MAX),
        option::of(1..=u32::MAX),
        option::of(any::<u16>()),
    );
    let flags =
        (option::of(any::<bool>()), option::of(any::<bool>()), option::of(any::<bool>()), any::<bool>());
    let texts = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    let authentication =
        (option::of((text(), option::of(data()))), option::of(any::<u16>()), option::of(any::<bool>()));
    (reason(Place::ConnAck), limits, flags, texts, authentication, user_properties()).prop_map(
        move |(reason, limits, flags, texts, (authentication, server_keep_alive, qos), user_properties)| {
            let session_present = flags.3 && !reason.is_error() && version != ProtocolVersion::V3_1;
            if !version.is_v5() {
                let code = reason.connect_return_code();
                return ConnAck::new(ReasonCode::from_connect_return_code(code).unwrap(), session_present);
            }
            let (authentication_method, authentication_data) = authentication.unzip();
            ConnAck {
                session_expiry: limits.0,
                receive_maximum: limits.1,
                packet_size_max: limits.2,
                topic_alias_maximum: limits.3,
                qos_max: qos.map(|one| if one { QoS::AtLeastOnce } else { QoS::AtMostOnce }),
                retain_available: flags.0,
                wildcard_available: flags.1,
                identifier_available: flags.2,
                shared_available: flags.0,
                assigned_client_id: texts.0,
                reason_string: texts.1,
                response_information: texts.2,
                server_reference: texts.3,
                server_keep_alive,
                authentication_method,
                authentication_data: authentication_data.flatten(),
                user_properties,
                ..ConnAck::new(reason, session_present)
            }
        },
    )
}

fn publish(version: ProtocolVersion) -> impl Strategy<Value = Publish> {
    (any::<(bool, bool, bool)>(), qos(), name(), packet_id(), publish_properties(), data()).prop_map(
        move |((dup, retain, short), qos, topic, packet_id, properties, payload)| {
            let above_zero = qos > QoS::AtMostOnce;
            let mut publish = Publish {
                dup: dup && above_zero,
                qos,
                retain,
                packet_id: above_zero.then_some(packet_id),
                ..Publish::new(topic.as_str(), payload)
            };
            if version.is_v5() {
                publish.properties = properties;
                if short && publish.properties.alias.is_some() {
                    publish.topic.clear();
                }
            }
            publish
        },
    )
}

fn ack(version: ProtocolVersion) -> impl Strategy<Value = Ack> {
    let kind = proptest::sample::select(AckKind::ALL.to_vec());
    let reasons = (reason(Place::PubAck), reason(Place::PubRel));
    (kind, packet_id(), reasons, ack_properties()).prop_map(
        move |(kind, id, (received, released), properties)| {
            let reason = if kind < AckKind::PubRel { received } else { released };
            if version.is_v5() {
                Ack { properties, ..Ack::new(kind, id, reason) }
            } else {
                Ack::new(kind, id, ReasonCode::Success)
            }
        },
    )
}

fn subscribe(version: ProtocolVersion) -> impl Strategy<Value = Subscribe> {
    let entries = vec((filter(), options()), 1..4);
    (packet_id(), option::of(identifier()), user_properties(), entries).prop_map(
        move |(packet_id, identifier, user_properties, entries)| {
            let entry = |(filter, options): (_, SubscriptionOptions)| SubscribeEntry {
                filter,
                options: if version.is_v5() { options } else { SubscriptionOptions::of(options.qos) },
            };
            let filters = entries.into_iter().map(entry).collect();
            let mut subscribe = Subscribe { packet_id, identifier, user_properties, filters };
            if !version.is_v5() {
                subscribe.identifier = None;
                subscribe.user_properties.clear();
            }
            subscribe
        },
    )
}

fn suback(version: ProtocolVersion) -> impl Strategy<Value = SubAck> {
    let three =
        [ReasonCode::Success, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError];
    let reasons = if version.is_v5() {
        reason(Place::SubAck).boxed()
    } else {
        proptest::sample::select(three.to_vec()).boxed()
    };
    (packet_id(), vec(reasons, 1..4), ack_properties()).prop_map(move |(packet_id, reasons, properties)| {
        SubAck { packet_id, reasons, properties: properties.filter(|_| version.is_v5()) }
    })
}

fn unsubscribe(version: ProtocolVersion) -> impl Strategy<Value = Unsubscribe> {
    (packet_id(), user_properties(), vec(filter(), 1..4)).prop_filter_map(
        "a bad filter in 3.x",
        move |(packet_id, mut user_properties, filters)| {
            if !version.is_v5() {
                user_properties.clear();
            }
            let good = version.is_v5() || filters.iter().all(Result::is_ok);
            good.then_some(Unsubscribe { packet_id, user_properties, filters })
        },
    )
}

fn unsuback(version: ProtocolVersion) -> impl Strategy<Value = UnsubAck> {
    (packet_id(), vec(reason(Place::UnsubAck), 1..4), ack_properties()).prop_map(
        move |(packet_id, reasons, properties)| match version.is_v5() {
            true => UnsubAck { packet_id, reasons, properties },
            false => UnsubAck { packet_id, reasons: Vec::new(), properties: None },
        },
    )
}

fn disconnect(version: ProtocolVersion) -> impl Strategy<Value = Disconnect> {
    let texts = (option::of(text()), option::of(text()));
    (reason(Place::Disconnect), option::of(any::<u32>()), texts, user_properties()).prop_map(
        move |(reason, session_expiry, (reason_string, server_reference), user_properties)| match version
            .is_v5()
        {
            true => Disconnect { reason, session_expiry, reason_string, user_properties, server_reference },
            false => Disconnect::new(ReasonCode::Success),
        },
    )
}

fn auth() -> impl Strategy<Value = Auth> {
    (reason(Place::Auth), text(), option::of(data()), option::of(text()), user_properties()).prop_map(
        |(reason, method, data, reason_string, user_properties)| Auth {
            reason_string,
            user_properties,
            ..Auth::new(reason, method, data)
        },
    )
}
