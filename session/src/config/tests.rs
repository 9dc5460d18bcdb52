//! The stated costs are those of the real types, and a listener's settings only restrict the general ones.

use std::sync::Arc;

use schemars::SchemaGenerator;
use tidegate_limits::Given;
use tidegate_limits::units::{Count, Size, Time};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{QoS, SubscriptionOptions};

use super::{Config, ListenerSession, Overflow, SessionExpiry};
use crate::GrantedOptions;
use crate::inflight;
use crate::received;
use crate::stored_delivery::StoredDelivery;
use crate::subscriptions::Subscriptions;

/// Checks that the text of a setting states this cost.
fn assert_states(setting: &str, cost: &str) {
    let schema = SchemaGenerator::default().into_root_schema_for::<Config>().to_value();
    let text = schema["properties"][setting]["description"].as_str().unwrap().replace('\n', " ");
    assert!(text.contains(cost), "{setting} must state `{cost}`: {text}");
}

#[test]
fn stated_costs_are_the_sizes_of_the_types() {
    assert_states("receive_maximum", &format!("uses {} bytes", received::ENTRY_SIZE));
    assert_states("inflight_max", &format!("uses {} bytes", inflight::SLOT_SIZE));
    assert_states("queue_len_max", &format!("uses {} bytes", size_of::<StoredDelivery>()));
    let subscription = size_of::<(SubscriptionFilter, GrantedOptions)>();
    assert_states("subscriptions_max", &format!("about {subscription} bytes"));
}

/// A list has no spare room. A hash table has some, but its entries are smaller.
#[test]
fn many_subscriptions_take_about_as_much_memory_each_as_a_few() {
    let mut subscriptions = Subscriptions::default();
    for number in 0..10_000 {
        let filter = SubscriptionFilter::parse(&format!("a/{number}")).unwrap();
        let options = GrantedOptions { options: SubscriptionOptions::default(), identifier: None };
        subscriptions.insert(filter, options, 10_000).unwrap();
    }
    let each = subscriptions.capacity() / subscriptions.len();
    assert!((24..=56).contains(&each), "{each} bytes");
}

#[test]
fn the_bound_of_the_in_flight_table_is_the_bound_of_its_setting() {
    let most = serde_json::from_str::<Config>(&format!("{{ \"inflight_max\": {} }}", inflight::INFLIGHT_MAX));
    assert_eq!(most.unwrap().inflight_max, inflight::INFLIGHT_MAX);
    let more = format!("{{ \"inflight_max\": {} }}", inflight::INFLIGHT_MAX + 1);
    assert!(serde_json::from_str::<Config>(&more).is_err());
}

#[test]
fn a_listener_without_settings_has_the_general_ones() {
    let general = Config { receive_maximum: 7, change_log: true, ..Config::default() };
    assert_eq!(general.restricted_by(&ListenerSession::default()), general);
}

#[test]
fn the_stricter_setting_wins() {
    let general = Config {
        receive_maximum: 100,
        packet_size_max: 1000,
        qos_max: QoS::AtLeastOnce,
        retain_available: false,
        overflow: Overflow::DropNewest,
        keep_alive_max: 60,
        response_information: Some(Arc::from("general")),
        ..Config::default()
    };
    let listener = ListenerSession {
        session_expiry_max: Given::Value(SessionExpiry::After(Time::from_millis(60_000))),
        receive_maximum: Given::Value(Count::new(10)),
        packet_size_max: Given::Value(Size::from_bytes(2000)),
        retain_available: Given::Value(true),
        shared_available: Given::Value(false),
        overflow: Given::Value(Overflow::DropOldest),
        client_id_strict: Given::Value(true),
        response_information: Given::Value(Some(Arc::from("own"))),
        ..ListenerSession::default()
    };
    let expected = Config {
        session_expiry_max: 60,
        receive_maximum: 10,
        shared_available: false,
        client_id_strict: true,
        response_information: Some(Arc::from("own")),
        ..general.clone()
    };
    assert_eq!(general.restricted_by(&listener), expected);
}

#[test]
fn a_keep_alive_of_0_is_no_limit() {
    let keep_alive = |general: u16, own: u64| {
        let general = Config { keep_alive_max: general, ..Config::default() };
        let own = Given::Value(Time::from_millis(own * 1000));
        general.restricted_by(&ListenerSession { keep_alive_max: own, ..Default::default() }).keep_alive_max
    };
    assert_eq!([keep_alive(0, 5), keep_alive(5, 0), keep_alive(5, 9), keep_alive(0, 0)], [5, 5, 5, 0]);
}
