//! Strategies that generate SUBSCRIBE, UNSUBSCRIBE and their acknowledgements.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tidegate_mqtt::property::PacketContext;
use tidegate_mqtt::{
    ProtocolVersion, ReasonCode, SubAck, Subscribe, SubscribeEntry, SubscriptionOptions, UnsubAck,
    Unsubscribe,
};

use crate::values::{ack_properties, filter, identifier, options, packet_id, reason, user_properties};

pub(super) fn subscribe(version: ProtocolVersion) -> impl Strategy<Value = Subscribe> {
    let entries = vec((filter(), options()), 1..4);
    (packet_id(), option::of(identifier()), user_properties(), entries).prop_map(
        move |(packet_id, identifier, user_properties, entries)| {
            let entry = |(filter, options): (_, SubscriptionOptions)| SubscribeEntry {
                filter,
                options: if version.is_v5() { options } else { SubscriptionOptions::with_qos(options.qos) },
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

pub(super) fn suback(version: ProtocolVersion) -> impl Strategy<Value = SubAck> {
    let v3 =
        [ReasonCode::Success, ReasonCode::GrantedQoS1, ReasonCode::GrantedQoS2, ReasonCode::UnspecifiedError];
    let reasons = if version.is_v5() {
        reason(PacketContext::SubAck).boxed()
    } else {
        proptest::sample::select(v3.to_vec()).boxed()
    };
    (packet_id(), vec(reasons, 1..4), ack_properties()).prop_map(move |(packet_id, reasons, properties)| {
        SubAck { packet_id, reasons, properties: properties.filter(|_| version.is_v5()) }
    })
}

pub(super) fn unsubscribe(version: ProtocolVersion) -> impl Strategy<Value = Unsubscribe> {
    (packet_id(), user_properties(), vec(filter(), 1..4)).prop_filter_map(
        "an invalid filter in 3.x",
        move |(packet_id, mut user_properties, filters)| {
            if !version.is_v5() {
                user_properties.clear();
            }
            let good = version.is_v5() || filters.iter().all(Result::is_ok);
            good.then_some(Unsubscribe { packet_id, user_properties, filters })
        },
    )
}

pub(super) fn unsuback(version: ProtocolVersion) -> impl Strategy<Value = UnsubAck> {
    (packet_id(), vec(reason(PacketContext::UnsubAck), 1..4), ack_properties()).prop_map(
        move |(packet_id, reasons, properties)| match version.is_v5() {
            true => UnsubAck { packet_id, reasons, properties },
            false => UnsubAck { packet_id, reasons: Vec::new(), properties: None },
        },
    )
}
