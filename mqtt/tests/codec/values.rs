//! Strategies that generate the values inside packets.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidegate_mqtt::topic::{Name, SubscriptionFilter, TopicError};
use tidegate_mqtt::{
    AckProperties, InvalidFilter, PacketId, PublishProperties, QoS, ReasonCode, RetainHandling,
    SubscriptionOptions, UserProperties, property::PacketContext,
};

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9]{0,12}", "[\\PC\u{feff}\u{1}\u{ffff}]{0,6}"]
}

pub(crate) fn data() -> impl Strategy<Value = Bytes> {
    prop_oneof![vec(any::<u8>(), 0..20), vec(any::<u8>(), 100..200)].prop_map(Bytes::from)
}

pub(crate) fn name() -> impl Strategy<Value = Name> {
    vec("[a-zäß$ ]{0,5}", 1..5)
        .prop_map(|levels| levels.join("/"))
        .prop_filter_map("empty", |text| Name::parse(&text).ok())
}

/// Generates valid filters, filters of shared subscriptions, and texts that are not valid filters.
pub(crate) fn filter() -> impl Strategy<Value = Result<SubscriptionFilter, InvalidFilter>> {
    let level = prop_oneof!["[a-z]{0,4}", Just("+".to_owned())];
    let end = prop_oneof![Just(""), Just("/#"), Just("/+"), Just("#")];
    let share = prop_oneof![4 => Just(""), 1 => Just("$share/g/"), 1 => Just("$share//")];
    (share, vec(level, 1..4), end).prop_filter_map("empty", |(share, levels, end)| {
        let text = format!("{share}{}{end}", levels.join("/"));
        match SubscriptionFilter::parse(&text) {
            Err(TopicError::Empty) => None,
            result => Some(result.map_err(|error| InvalidFilter { text: text.into(), error })),
        }
    })
}

pub(crate) fn user_properties() -> impl Strategy<Value = UserProperties> {
    vec((text(), text()), 0..4).prop_map(|pairs| {
        let mut properties = UserProperties::new();
        for (name, value) in pairs {
            assert!(properties.push(&name, &value));
        }
        properties
    })
}

pub(crate) fn ack_properties() -> impl Strategy<Value = Option<Box<AckProperties>>> {
    (option::of(text()), user_properties()).prop_map(|(reason_string, user_properties)| {
        let empty = reason_string.is_none() && user_properties.is_empty();
        (!empty).then(|| Box::new(AckProperties { reason_string, user_properties }))
    })
}

pub(crate) fn reason(context: PacketContext) -> impl Strategy<Value = ReasonCode> {
    let codes: Vec<ReasonCode> =
        ReasonCode::ALL.iter().copied().filter(|code| code.may_appear_in(context)).collect();
    proptest::sample::select(codes)
}

pub(crate) fn qos() -> impl Strategy<Value = QoS> {
    proptest::sample::select(QoS::ALL.to_vec())
}

pub(crate) fn packet_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|id| PacketId::new(id).unwrap())
}

pub(crate) fn identifier() -> impl Strategy<Value = u32> {
    prop_oneof![1..200_u32, Just(16_384), Just(268_435_455)]
}

pub(crate) fn options() -> impl Strategy<Value = SubscriptionOptions> {
    let handling = [RetainHandling::Send, RetainHandling::SendIfNew, RetainHandling::Never];
    (qos(), any::<bool>(), any::<bool>(), proptest::sample::select(handling.to_vec())).prop_map(
        |(qos, no_local, retain_as_published, retain_handling)| SubscriptionOptions {
            qos,
            no_local,
            retain_as_published,
            retain_handling,
        },
    )
}

pub(crate) fn publish_properties() -> impl Strategy<Value = PublishProperties> {
    let addressed = (option::of(name()), option::of(data()), option::of(text()), option::of(1..=u16::MAX));
    (
        option::of(any::<bool>()),
        option::of(any::<u32>()),
        addressed,
        user_properties(),
        vec(identifier(), 0..3),
    )
        .prop_map(
            |(
                payload_is_text,
                expiry,
                (response_topic, correlation_data, content_type, alias),
                user_properties,
                subscription_identifiers,
            )| {
                PublishProperties {
                    payload_is_text,
                    expiry,
                    alias,
                    response_topic: response_topic.map(|topic| topic.to_string()),
                    correlation_data,
                    user_properties,
                    subscription_identifiers,
                    content_type,
                }
            },
        )
}
