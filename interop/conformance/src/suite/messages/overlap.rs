//! Tests the QoS and the subscription identifiers of a message that matches several subscriptions of one client.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{Subscribe, property};

cases! {
    a_message_comes_at_the_highest_granted_qos: "MQTT5-3.3.4-2", "MQTT3-3.3.5-1";
    the_identifiers_of_all_matching_subscriptions_are_sent: "MQTT5-3.3.4-3", "MQTT5-3.3.4-4";
    an_identifier_used_twice_is_sent_twice: "MQTT5-3.3.4-4";
    a_separate_copy_has_its_own_identifier: "MQTT5-3.3.4-5", "MQTT5-3.3.4-3";
    a_subscription_without_identifier_adds_none: "MQTT5-3.3.4-3", "MQTT5-3.3.4-5";
}

async fn a_message_comes_at_the_highest_granted_qos(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    let topic = harness.topic("a/b");
    let filters = [("a/+", 0), ("a/#", 2), ("a/b", 1), ("c/#", 2)];
    for first in 0..filters.len() {
        let mut subscriber = harness.client("subscriber").await;
        for (filter, qos) in filters[first..].iter().chain(&filters[..first]) {
            subscriber.subscribe(harness.topic(filter), *qos).await;
        }
        for qos in 0..3 {
            publisher.publish(&topic, "x", qos).await;
            let messages = subscriber.drain_messages().await;
            let seen: Vec<_> = messages.iter().map(|message| message.qos).collect();
            assert_eq!(seen.iter().max(), Some(&qos), "the QoS of all copies: {seen:?}");
            assert!(messages.iter().all(|message| message.topic == topic && message.payload == b"x"));
        }
    }
}

async fn the_identifiers_of_all_matching_subscriptions_are_sent(harness: Harness) {
    let mut other = harness.client("other").await;
    subscribe_with_identifier(&mut other, harness.topic("a/b"), Some(9)).await;
    let mut subscriber = harness.client("subscriber").await;
    for (filter, identifier) in [("a/+", 5), ("a/#", 7), ("a/b", 268_435_455), ("a/c", 11)] {
        subscribe_with_identifier(&mut subscriber, harness.topic(filter), Some(identifier)).await;
    }
    for qos in 0..3 {
        assert_eq!(identifiers(&harness, &mut subscriber, qos).await, [5, 7, 268_435_455]);
        assert_eq!(other.drain_messages().await[0].properties.numbers(property::SUBSCRIPTION_ID), [9]);
    }
}

async fn an_identifier_used_twice_is_sent_twice(harness: Harness) {
    let mut subscriber = harness.client("subscriber").await;
    for filter in ["a/+", "a/#"] {
        subscribe_with_identifier(&mut subscriber, harness.topic(filter), Some(5)).await;
    }
    assert_eq!(identifiers(&harness, &mut subscriber, 1).await, [5, 5]);
}

/// Every broker sends a separate copy of the message for a shared subscription.
async fn a_separate_copy_has_its_own_identifier(harness: Harness) {
    let mut subscriber = harness.client("subscriber").await;
    subscribe_with_identifier(&mut subscriber, harness.topic("a/b"), Some(5)).await;
    subscribe_with_identifier(&mut subscriber, format!("$share/g/{}", harness.topic("a/b")), Some(7)).await;
    subscribe_with_identifier(&mut subscriber, format!("$share/h/{}", harness.topic("a/b")), None).await;
    let mut publisher = harness.client("publisher").await;
    for qos in 0..3 {
        publisher.publish(harness.topic("a/b"), "x", qos).await;
        let messages = subscriber.drain_messages().await;
        let numbers = messages.iter().map(|message| message.properties.numbers(property::SUBSCRIPTION_ID));
        let mut numbers: Vec<_> = numbers.collect();
        numbers.sort();
        assert_eq!(numbers, [vec![], vec![5], vec![7]]);
    }
}

async fn a_subscription_without_identifier_adds_none(harness: Harness) {
    let mut subscriber = harness.client("subscriber").await;
    subscribe_with_identifier(&mut subscriber, harness.topic("a/+"), None).await;
    assert_eq!(identifiers(&harness, &mut subscriber, 1).await, [0; 0]);
    subscribe_with_identifier(&mut subscriber, harness.topic("a/#"), Some(7)).await;
    assert_eq!(identifiers(&harness, &mut subscriber, 1).await, [7]);
    subscribe_with_identifier(&mut subscriber, harness.topic("a/#"), None).await;
    assert_eq!(
        identifiers(&harness, &mut subscriber, 1).await,
        [0; 0],
        "the new subscription has no identifier"
    );
}

async fn subscribe_with_identifier(client: &mut Client, filter: String, identifier: Option<u32>) {
    let mut subscribe = Subscribe::new(client.next_packet_id()).filter(filter, 2);
    if let Some(identifier) = identifier {
        subscribe = subscribe.identifier(identifier);
    }
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [2]);
}

/// Publishes one message. Returns the subscription identifiers of all copies that the subscriber receives, sorted. The
/// broker may send one copy for all subscriptions or one copy for each.
async fn identifiers(harness: &Harness, subscriber: &mut Client, qos: u8) -> Vec<u32> {
    let mut publisher = harness.client("publisher").await;
    publisher.publish(harness.topic("a/b"), "x", qos).await;
    let messages = subscriber.drain_messages().await;
    let numbers = messages.iter().map(|message| message.properties.numbers(property::SUBSCRIPTION_ID));
    let numbers: Vec<_> = numbers.collect();
    let separate = numbers.len() > 1;
    assert!(
        !separate || numbers.iter().all(|one| one.len() <= 1),
        "each of several copies has at most one identifier: {numbers:?}"
    );
    let mut all = numbers.concat();
    all.sort_unstable();
    all
}
