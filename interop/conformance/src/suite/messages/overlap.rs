//! A message that several subscriptions of one client match: its QoS and its subscription identifiers.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Subscribe, property};

cases! {
    the_highest_granted_qos_counts: "MQTT5-3.3.4-2", "MQTT3-3.3.5-1";
    the_identifiers_of_all_that_match_come: "MQTT5-3.3.4-3", "MQTT5-3.3.4-4";
    an_identifier_used_twice_comes_twice: "MQTT5-3.3.4-4";
    a_copy_of_its_own_has_its_own_identifier: "MQTT5-3.3.4-5", "MQTT5-3.3.4-3";
    a_subscription_without_identifier_adds_none: "MQTT5-3.3.4-3", "MQTT5-3.3.4-5";
}

async fn the_highest_granted_qos_counts(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    let topic = lab.topic("a/b");
    let filters = [("a/+", 0), ("a/#", 2), ("a/b", 1), ("c/#", 2)];
    for first in 0..filters.len() {
        let mut subscriber = lab.client("subscriber").await;
        for (filter, qos) in filters[first..].iter().chain(&filters[..first]) {
            subscriber.subscribe(lab.topic(filter), *qos).await;
        }
        for qos in 0..3 {
            publisher.publish(&topic, "x", qos).await;
            let messages = subscriber.messages().await;
            let seen: Vec<_> = messages.iter().map(|message| message.qos).collect();
            assert_eq!(seen.iter().max(), Some(&qos), "the QoS of all copies: {seen:?}");
            assert!(messages.iter().all(|message| message.topic == topic && message.payload == b"x"));
        }
    }
}

async fn the_identifiers_of_all_that_match_come(lab: Lab) {
    let mut other = lab.client("other").await;
    identified(&mut other, lab.topic("a/b"), Some(9)).await;
    let mut subscriber = lab.client("subscriber").await;
    for (filter, identifier) in [("a/+", 5), ("a/#", 7), ("a/b", 268_435_455), ("a/c", 11)] {
        identified(&mut subscriber, lab.topic(filter), Some(identifier)).await;
    }
    for qos in 0..3 {
        assert_eq!(identifiers(&lab, &mut subscriber, qos).await, [5, 7, 268_435_455]);
        assert_eq!(other.messages().await[0].properties.numbers(property::SUBSCRIPTION_ID), [9]);
    }
}

async fn an_identifier_used_twice_comes_twice(lab: Lab) {
    let mut subscriber = lab.client("subscriber").await;
    for filter in ["a/+", "a/#"] {
        identified(&mut subscriber, lab.topic(filter), Some(5)).await;
    }
    assert_eq!(identifiers(&lab, &mut subscriber, 1).await, [5, 5]);
}

/// A shared subscription gets a copy of its own from every broker.
async fn a_copy_of_its_own_has_its_own_identifier(lab: Lab) {
    let mut subscriber = lab.client("subscriber").await;
    identified(&mut subscriber, lab.topic("a/b"), Some(5)).await;
    identified(&mut subscriber, format!("$share/g/{}", lab.topic("a/b")), Some(7)).await;
    identified(&mut subscriber, format!("$share/h/{}", lab.topic("a/b")), None).await;
    let mut publisher = lab.client("publisher").await;
    for qos in 0..3 {
        publisher.publish(lab.topic("a/b"), "x", qos).await;
        let messages = subscriber.messages().await;
        let numbers = messages.iter().map(|message| message.properties.numbers(property::SUBSCRIPTION_ID));
        let mut numbers: Vec<_> = numbers.collect();
        numbers.sort();
        assert_eq!(numbers, [vec![], vec![5], vec![7]]);
    }
}

async fn a_subscription_without_identifier_adds_none(lab: Lab) {
    let mut subscriber = lab.client("subscriber").await;
    identified(&mut subscriber, lab.topic("a/+"), None).await;
    assert_eq!(identifiers(&lab, &mut subscriber, 1).await, [0; 0]);
    identified(&mut subscriber, lab.topic("a/#"), Some(7)).await;
    assert_eq!(identifiers(&lab, &mut subscriber, 1).await, [7]);
    identified(&mut subscriber, lab.topic("a/#"), None).await;
    assert_eq!(identifiers(&lab, &mut subscriber, 1).await, [0; 0], "it was subscribed anew without");
}

async fn identified(client: &mut Client, filter: String, identifier: Option<u32>) {
    let mut subscribe = Subscribe::new(client.fresh_id()).filter(filter, 2);
    if let Some(identifier) = identifier {
        subscribe = subscribe.identifier(identifier);
    }
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [2]);
}

/// The identifiers that one message brings, in one copy for all subscriptions or in one copy for each, sorted.
async fn identifiers(lab: &Lab, subscriber: &mut Client, qos: u8) -> Vec<u32> {
    let mut publisher = lab.client("publisher").await;
    publisher.publish(lab.topic("a/b"), "x", qos).await;
    let messages = subscriber.messages().await;
    let numbers = messages.iter().map(|message| message.properties.numbers(property::SUBSCRIPTION_ID));
    let numbers: Vec<_> = numbers.collect();
    let separate = numbers.len() > 1;
    assert!(!separate || numbers.iter().all(|one| one.len() <= 1), "copies for one each: {numbers:?}");
    let mut all = numbers.concat();
    all.sort_unstable();
    all
}
