//! Which options the server grants to a SUBSCRIBE, and which of the options the session stores. [MQTT5-3.2.2-10]
//! [MQTT5-3.8.3-4] [MQTT5-3.8.4-3] [MQTT5-3.10.4-1] [MQTT3-3.8.3-2] [MQTT3-3.9.3-2]

use std::sync::Arc;

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Connect, InvalidFilter, ProtocolVersion, QoS, ReasonCode, SubscribeEntry, SubscriptionOptions,
};
use tidegate_session::{Config, Connection, GrantedOptions, SubscriptionsFull, Violation};

use crate::pair::{SessionUnderTest, negotiate, persistent_connect};

fn entry(text: &str, qos: QoS) -> SubscribeEntry {
    let filter = SubscriptionFilter::parse(text).map_err(|error| InvalidFilter { text: text.into(), error });
    SubscribeEntry { filter, options: SubscriptionOptions::with_qos(qos) }
}

fn connection(config: Config, version: ProtocolVersion) -> Connection {
    let config = Arc::new(config);
    Connection::new(&negotiate(Connect::new(version, "client"), &config), Arc::clone(&config))
}

use ProtocolVersion::{V3_1_1, V5};

#[test]
fn the_granted_qos_is_at_most_the_supported_one() {
    let connection = connection(Config { qos_max: QoS::AtLeastOnce, ..Config::default() }, V5);
    for (qos, granted) in QoS::ALL.into_iter().zip([0, 1, 1]) {
        assert_eq!(connection.check_subscribe(&entry("a/#", qos), None).unwrap().value(), granted);
    }
}

#[test]
fn an_invalid_filter_gets_a_failure_code() {
    let bad = entry("a/#/b", QoS::AtMostOnce);
    let five = connection(Config::default(), V5).check_subscribe(&bad, None);
    assert_eq!(five, Ok(ReasonCode::TopicFilterInvalid));
    let three = connection(Config::default(), V3_1_1).check_subscribe(&bad, None);
    assert_eq!(three, Ok(ReasonCode::UnspecifiedError));
}

#[test]
fn an_unavailable_feature_is_a_violation_or_before_mqtt_5_a_failure_code() {
    let shared = || Config { shared_available: false, ..Config::default() };
    let wildcard = || Config { wildcard_available: false, ..Config::default() };
    let identifier = || Config { identifier_available: false, ..Config::default() };
    let check = |config, version, text, identifier| {
        connection(config, version).check_subscribe(&entry(text, QoS::AtMostOnce), identifier)
    };
    assert_eq!(check(shared(), V5, "$share/g/a", None), Err(Violation::SharedNotServed));
    assert_eq!(check(wildcard(), V5, "a/+", None), Err(Violation::WildcardNotServed));
    assert_eq!(check(identifier(), V5, "a", Some(1)), Err(Violation::IdentifierNotServed));
    assert_eq!(check(shared(), V3_1_1, "$share/g/a", None), Ok(ReasonCode::UnspecifiedError));
    assert_eq!(check(wildcard(), V3_1_1, "a/+", None), Ok(ReasonCode::UnspecifiedError));
    for config in [shared(), wildcard(), identifier()] {
        assert_eq!(check(config, V5, "a", None), Ok(ReasonCode::Success));
    }
}

#[test]
fn no_local_on_a_shared_subscription_is_a_violation() {
    let mut shared = entry("$share/g/a", QoS::AtMostOnce);
    shared.options.no_local = true;
    let violation = connection(Config::default(), V5).check_subscribe(&shared, None).unwrap_err();
    assert_eq!(violation, Violation::NoLocalOnShared);
    assert_eq!(violation.reason(), ReasonCode::ProtocolError);
}

#[test]
fn a_second_subscribe_replaces_identifier_and_options() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let filter = SubscriptionFilter::parse("a/+").unwrap();
    let two = SubscriptionOptions::with_qos(QoS::ExactlyOnce);
    let zero = SubscriptionOptions::with_qos(QoS::AtMostOnce);
    assert_eq!(pair.session.subscribe(filter.clone(), two, Some(5)), Ok(false));
    assert_eq!(pair.session.subscribe(filter.clone(), zero, None), Ok(true));
    assert_eq!(pair.session.subscription(&filter), Some(GrantedOptions { options: zero, identifier: None }));
    assert!(pair.session.unsubscribe(&filter));
    assert!(!pair.session.unsubscribe(&filter));
}

#[test]
fn many_subscriptions_are_stored_up_to_the_maximum() {
    let mut pair =
        SessionUnderTest::with(Config { subscriptions_max: 100, ..Config::default() }, persistent_connect());
    let options = SubscriptionOptions::with_qos(QoS::AtMostOnce);
    let filter = |number: usize| SubscriptionFilter::parse(&format!("a/{number}")).unwrap();
    for number in 0..100 {
        assert_eq!(pair.session.subscribe(filter(number), options, None), Ok(false));
    }
    assert_eq!(pair.session.subscribe(filter(100), options, None), Err(SubscriptionsFull));
    assert_eq!(pair.session.subscribe(filter(7), options, None), Ok(true), "replacing does not add one");
    assert_eq!(pair.session.subscriptions().count(), 100);
    assert!(pair.session.unsubscribe(&filter(50)));
    assert_eq!(pair.session.subscribe(filter(100), options, None), Ok(false));
}
