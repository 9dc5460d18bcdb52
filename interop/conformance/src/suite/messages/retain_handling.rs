//! When a subscription brings retained messages: Retain Handling 0, 1 and 2, shared subscriptions, identifiers.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Packet, Subscribe, property};

cases! {
    handling_0_brings_them_every_time: "MQTT5-3.3.1-9", "TRAP5-15", "TRAP3-16";
    handling_1_brings_them_to_a_new_subscription: "MQTT5-3.3.1-10", "TRAP5-14";
    a_resumed_subscription_is_not_new: "MQTT5-3.3.1-10", "TRAP5-14";
    a_filter_twice_in_one_subscribe_is_new_once: "MQTT5-3.3.1-10", "TRAP5-14";
    handling_2_brings_none: "MQTT5-3.3.1-11";
    a_shared_subscription_brings_none: "TRAP5-13";
    they_carry_the_subscription_identifier: "TRAP5-23", "MQTT5-3.3.4-3";
}

/// Options bytes for QoS 1.
const ALWAYS: u8 = 0x01;
const NEW_ONLY: u8 = 0x11;
const NEVER: u8 = 0x21;

async fn handling_0_brings_them_every_time(lab: Lab) {
    retained(&lab, "a").await;
    let mut client = lab.client("client").await;
    for _ in 0..3 {
        let messages = client.subscribe_for(lab.topic("a"), ALWAYS).await;
        assert_eq!(messages.len(), 1);
        assert!(messages[0].retain);
        client.acknowledge(&messages[0]).await;
    }
    let messages = client.subscribe_for(lab.topic("a"), 0).await;
    assert_eq!(messages.len(), 1, "with other options too");
}

async fn handling_1_brings_them_to_a_new_subscription(lab: Lab) {
    let mut publisher = retained(&lab, "a").await;
    let topic = lab.topic("a");
    let mut client = lab.client("client").await;
    for round in 0..2 {
        assert_eq!(client.subscribe_for(&topic, NEW_ONLY).await.len(), 1, "new, round {round}");
        assert_eq!(client.subscribe_for(&topic, NEW_ONLY).await.len(), 0, "it exists");
        assert_eq!(client.subscribe_for(&topic, NEW_ONLY & 0xF0).await.len(), 0, "it exists, at another QoS");
        assert_eq!(client.subscribe_for(lab.topic("+"), NEW_ONLY).await.len(), 1, "another filter");
        client.unsubscribe(lab.topic("+")).await;
        client.unsubscribe(&topic).await;
    }
    client.subscribe_for(&topic, NEVER).await;
    assert_eq!(client.subscribe_for(&topic, NEW_ONLY).await.len(), 0, "it exists, though it brought none");
    publisher.publish(&topic, "live", 0).await;
    client.hears("live").await;
}

async fn a_resumed_subscription_is_not_new(lab: Lab) {
    retained(&lab, "a").await;
    let mut client = lab.connect("client").kept().open().await;
    assert_eq!(client.subscribe_for(lab.topic("a"), NEW_ONLY & 0xF0).await.len(), 1);
    client.cut().await;
    let mut client = lab.connect("client").kept().open().await;
    assert_eq!(client.subscribe_for(lab.topic("a"), NEW_ONLY).await.len(), 0, "it was resumed");
    client.leave().await;
    let mut client = lab.client("client").await;
    assert_eq!(client.subscribe_for(lab.topic("a"), NEW_ONLY).await.len(), 1, "a new session");
}

async fn a_filter_twice_in_one_subscribe_is_new_once(lab: Lab) {
    retained(&lab, "a").await;
    let mut client = lab.client("client").await;
    let subscribe = Subscribe::new(1).filter(lab.topic("a"), NEW_ONLY).filter(lab.topic("a"), NEW_ONLY);
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [1, 1]);
    assert_eq!(client.messages().await.len(), 1);
}

async fn handling_2_brings_none(lab: Lab) {
    let mut publisher = retained(&lab, "a").await;
    let mut client = lab.client("client").await;
    for _ in 0..2 {
        assert_eq!(client.subscribe_for(lab.topic("a"), NEVER).await.len(), 0);
    }
    publisher.publish(lab.topic("a"), "live", 1).await;
    client.hears("live").await;
}

async fn a_shared_subscription_brings_none(lab: Lab) {
    let mut publisher = retained(&lab, "a").await;
    let filter = format!("$share/g/{}", lab.topic("a"));
    let mut client = lab.client("client").await;
    for options in [ALWAYS, NEW_ONLY, ALWAYS] {
        assert_eq!(client.subscribe_for(&filter, options).await.len(), 0, "options {options:#04x}");
    }
    publisher.publish_retained(lab.topic("a"), "live", 1).await;
    assert!(!client.hears("live").await.retain, "a live one published with RETAIN");
}

async fn they_carry_the_subscription_identifier(lab: Lab) {
    retained(&lab, "a").await;
    let mut client = lab.client("client").await;
    for (packet_id, identifier) in [(1, 5), (2, 268_435_455)] {
        let subscribe = Subscribe::new(packet_id).filter(lab.topic("a"), ALWAYS).identifier(identifier);
        client.exchange_subscribe(&subscribe).await;
        let message: Packet = client.take(Kind::Publish).await;
        assert_eq!(message.properties.numbers(property::SUBSCRIPTION_ID), [identifier]);
    }
}

/// A publisher that has left a retained message on a topic of the test.
async fn retained(lab: &Lab, name: &str) -> Client {
    let mut publisher = lab.client("publisher").await;
    publisher.publish_retained(lab.topic(name), "retained", 1).await;
    publisher
}
