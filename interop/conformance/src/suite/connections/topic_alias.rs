//! Tests that client and broker each keep to the other side's Topic Alias Maximum.

use std::collections::{HashMap, HashSet};

use super::watcher;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Properties, Publish, property};

cases! {
    the_brokers_aliases_stay_within_the_clients_maximum: "MQTT5-3.1.2-26";
    without_a_maximum_the_broker_sends_no_alias: "MQTT5-3.1.2-27";
    an_alias_above_the_maximum_ends_the_connection: "MQTT5-3.2.2-17";
    an_alias_when_none_is_allowed_ends_the_connection [NO_TOPIC_ALIAS]: "MQTT5-3.2.2-18";
}

async fn the_brokers_aliases_stay_within_the_clients_maximum(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for maximum in [1, 2, 65_535] {
        let builder = harness.connect("one").number(property::TOPIC_ALIAS_MAXIMUM, maximum);
        let mut client = builder.open().await;
        client.subscribe(harness.topic("t/+"), 1).await;
        let mut topics = HashMap::new();
        let mut used = HashSet::new();
        for number in 0..15 {
            let topic = harness.topic(&format!("t/{}", number % 5));
            publisher.publish(&topic, [number], number % 2).await;
            let message = client.receive().await;
            let alias = message.properties.get_number(property::TOPIC_ALIAS);
            if let Some(alias) = alias {
                assert!((1..=maximum).contains(&alias), "alias {alias} of {maximum}");
                used.insert(alias);
                if !message.topic.is_empty() {
                    topics.insert(alias, message.topic.clone());
                }
            }
            let resolved =
                if message.topic.is_empty() { alias.and_then(|alias| topics.get(&alias)) } else { None };
            assert_eq!(resolved.unwrap_or(&message.topic), &topic, "{message:?}");
        }
        assert!(used.len() <= maximum as usize);
        client.disconnect().await;
    }
}

async fn without_a_maximum_the_broker_sends_no_alias(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    for builder in [harness.connect("one"), harness.connect("one").number(property::TOPIC_ALIAS_MAXIMUM, 0)] {
        let mut client = builder.open().await;
        client.subscribe(&topic, 1).await;
        // The publisher's alias is valid only between the publisher and the broker.
        for text in ["first", "second", "third"] {
            let name = if text == "first" { topic.as_str() } else { "" };
            let alias = Properties::default().number(property::TOPIC_ALIAS, 1);
            publisher.exchange_publish(Publish::new(name, text).qos(1, 0).properties(alias)).await;
            let message = client.receive().await;
            assert_eq!(message.topic, topic);
            assert!(!message.properties.has(property::TOPIC_ALIAS), "{message:?}");
        }
        client.disconnect().await;
    }
}

async fn an_alias_above_the_maximum_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = watcher(&harness).await;
    let (mut client, connack) = harness.connect("one").open_with_connack().await;
    let maximum = connack.properties.get_number(property::TOPIC_ALIAS_MAXIMUM).unwrap_or(0);
    let publish = |alias, qos| {
        let properties = Properties::default().number(property::TOPIC_ALIAS, alias);
        Publish::new(&topic, "x").qos(qos, 1).properties(properties)
    };
    if maximum > 0 {
        client.exchange_publish(publish(maximum, 1)).await;
        assert_eq!(watcher.receive().await.payload, b"x");
    }
    if maximum < 65_535 {
        for (alias, qos) in [(maximum + 1, 0), (maximum + 1, 1), (65_535, 2)] {
            let mut client = harness.connect("one").open().await;
            client.send(&publish(alias, qos).encode(harness.version)).await;
            client.expect_close_without_answer(&[0x94]).await;
        }
    }
    watcher.expect_no_message().await;
}

async fn an_alias_when_none_is_allowed_ends_the_connection(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    let (mut client, connack) = harness.connect("one").open_with_connack().await;
    assert!(!connack.properties.has(property::TOPIC_ALIAS_MAXIMUM), "0 is the default");
    let alias = Properties::default().number(property::TOPIC_ALIAS, 1);
    client.send(&Publish::new(harness.topic("a"), "x").properties(alias).encode(harness.version)).await;
    client.expect_close_without_answer(&[0x94]).await;
    watcher.expect_no_message().await;
}
