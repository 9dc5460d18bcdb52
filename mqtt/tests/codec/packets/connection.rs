//! Strategies that generate the packets that open and end a connection.

use proptest::option;
use proptest::prelude::*;
use tidegate_mqtt::property::PacketContext;
use tidegate_mqtt::{Auth, ConnAck, Connect, Disconnect, ProtocolVersion, QoS, ReasonCode, Will};

use crate::values::{data, name, publish_properties, qos, reason, text, user_properties};

pub(super) fn connect(version: ProtocolVersion) -> impl Strategy<Value = Connect> {
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
            let v3 = Connect {
                clean_start,
                keep_alive,
                user_name,
                password,
                will,
                ..Connect::new(version, client_id)
            };
            if !version.is_v5() {
                return v3;
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
                ..v3
            }
        },
    )
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

pub(super) fn connack(version: ProtocolVersion) -> impl Strategy<Value = ConnAck> {
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
    (reason(PacketContext::ConnAck), limits, flags, texts, authentication, user_properties()).prop_map(
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

pub(super) fn disconnect(version: ProtocolVersion) -> impl Strategy<Value = Disconnect> {
    let texts = (option::of(text()), option::of(text()));
    (reason(PacketContext::Disconnect), option::of(any::<u32>()), texts, user_properties()).prop_map(
        move |(reason, session_expiry, (reason_string, server_reference), user_properties)| match version
            .is_v5()
        {
            true => Disconnect { reason, session_expiry, reason_string, user_properties, server_reference },
            false => Disconnect::new(ReasonCode::Success),
        },
    )
}

pub(super) fn auth() -> impl Strategy<Value = Auth> {
    (reason(PacketContext::Auth), text(), option::of(data()), option::of(text()), user_properties()).prop_map(
        |(reason, method, data, reason_string, user_properties)| Auth {
            reason_string,
            user_properties,
            ..Auth::new(reason, method, data)
        },
    )
}
