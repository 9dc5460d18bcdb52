//! Tests when the broker sends retained messages on SUBSCRIBE: with Retain Handling 0, 1 and 2, for shared
//! subscriptions, and with subscription identifiers.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{Packet, PacketType, Subscribe, property};

cases! {
    handling_0_sends_retained_messages_on_every_subscribe: "MQTT5-3.3.1-9", "TRAP5-15", "TRAP3-16";
    handling_1_sends_retained_messages_only_to_a_new_subscription: "MQTT5-3.3.1-10", "TRAP5-14";
    a_resumed_subscription_is_not_new: "MQTT5-3.3.1-10", "TRAP5-14";
    a_filter_twice_in_one_subscribe_is_new_once: "MQTT5-3.3.1-10", "TRAP5-14";
    handling_2_sends_no_retained_messages: "MQTT5-3.3.1-11";
    a_shared_subscription_gets_no_retained_messages: "TRAP5-13";
    retained_messages_carry_the_subscription_identifier: "TRAP5-23", "MQTT5-3.3.4-3";
}

/// The options bytes for QoS 1 with Retain Handling 0, 1 and 2.
const SEND_RETAINED_ALWAYS: u8 = 0x01;
const SEND_RETAINED_IF_NEW: u8 = 0x11;
const SEND_RETAINED_NEVER: u8 = 0x21;

async fn handling_0_sends_retained_messages_on_every_subscribe(harness: Harness) {
    retained(&harness, "a").await;
    let mut client = harness.client("client").await;
    for _ in 0..3 {
        let messages = client.subscribe_and_drain(harness.topic("a"), SEND_RETAINED_ALWAYS).await;
        assert_eq!(messages.len(), 1);
        assert!(messages[0].retain);
        client.acknowledge(&messages[0]).await;
    }
    let messages = client.subscribe_and_drain(harness.topic("a"), 0).await;
    assert_eq!(messages.len(), 1, "also with other options");
}

async fn handling_1_sends_retained_messages_only_to_a_new_subscription(harness: Harness) {
    let mut publisher = retained(&harness, "a").await;
    let topic = harness.topic("a");
    let mut client = harness.client("client").await;
    for round in 0..2 {
        assert_eq!(
            client.subscribe_and_drain(&topic, SEND_RETAINED_IF_NEW).await.len(),
            1,
            "new, round {round}"
        );
        assert_eq!(
            client.subscribe_and_drain(&topic, SEND_RETAINED_IF_NEW).await.len(),
            0,
            "the subscription exists"
        );
        assert_eq!(
            client.subscribe_and_drain(&topic, SEND_RETAINED_IF_NEW & 0xF0).await.len(),
            0,
            "the subscription exists at another QoS"
        );
        assert_eq!(
            client.subscribe_and_drain(harness.topic("+"), SEND_RETAINED_IF_NEW).await.len(),
            1,
            "another filter"
        );
        client.unsubscribe(harness.topic("+")).await;
        client.unsubscribe(&topic).await;
    }
    client.subscribe_and_drain(&topic, SEND_RETAINED_NEVER).await;
    assert_eq!(
        client.subscribe_and_drain(&topic, SEND_RETAINED_IF_NEW).await.len(),
        0,
        "the subscription exists, although it got no retained messages"
    );
    publisher.publish(&topic, "live", 0).await;
    client.expect_message("live").await;
}

async fn a_resumed_subscription_is_not_new(harness: Harness) {
    retained(&harness, "a").await;
    let mut client = harness.connect("client").persistent().open().await;
    assert_eq!(client.subscribe_and_drain(harness.topic("a"), SEND_RETAINED_IF_NEW & 0xF0).await.len(), 1);
    client.drop_connection().await;
    let mut client = harness.connect("client").persistent().open().await;
    assert_eq!(
        client.subscribe_and_drain(harness.topic("a"), SEND_RETAINED_IF_NEW).await.len(),
        0,
        "the subscription was resumed"
    );
    client.disconnect().await;
    let mut client = harness.client("client").await;
    assert_eq!(
        client.subscribe_and_drain(harness.topic("a"), SEND_RETAINED_IF_NEW).await.len(),
        1,
        "a new session"
    );
}

async fn a_filter_twice_in_one_subscribe_is_new_once(harness: Harness) {
    retained(&harness, "a").await;
    let mut client = harness.client("client").await;
    let subscribe = Subscribe::new(1)
        .filter(harness.topic("a"), SEND_RETAINED_IF_NEW)
        .filter(harness.topic("a"), SEND_RETAINED_IF_NEW);
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [1, 1]);
    assert_eq!(client.drain_messages().await.len(), 1);
}

async fn handling_2_sends_no_retained_messages(harness: Harness) {
    let mut publisher = retained(&harness, "a").await;
    let mut client = harness.client("client").await;
    for _ in 0..2 {
        assert_eq!(client.subscribe_and_drain(harness.topic("a"), SEND_RETAINED_NEVER).await.len(), 0);
    }
    publisher.publish(harness.topic("a"), "live", 1).await;
    client.expect_message("live").await;
}

async fn a_shared_subscription_gets_no_retained_messages(harness: Harness) {
    let mut publisher = retained(&harness, "a").await;
    let filter = format!("$share/g/{}", harness.topic("a"));
    let mut client = harness.client("client").await;
    for options in [SEND_RETAINED_ALWAYS, SEND_RETAINED_IF_NEW, SEND_RETAINED_ALWAYS] {
        assert_eq!(client.subscribe_and_drain(&filter, options).await.len(), 0, "options {options:#04x}");
    }
    publisher.publish_retained(harness.topic("a"), "live", 1).await;
    assert!(!client.expect_message("live").await.retain, "a live message published with RETAIN");
}

async fn retained_messages_carry_the_subscription_identifier(harness: Harness) {
    retained(&harness, "a").await;
    let mut client = harness.client("client").await;
    for (packet_id, identifier) in [(1, 5), (2, 268_435_455)] {
        let subscribe =
            Subscribe::new(packet_id).filter(harness.topic("a"), SEND_RETAINED_ALWAYS).identifier(identifier);
        client.exchange_subscribe(&subscribe).await;
        let message: Packet = client.next_of(PacketType::Publish).await;
        assert_eq!(message.properties.numbers(property::SUBSCRIPTION_ID), [identifier]);
    }
}

/// Connects a publisher that publishes a retained message to a topic of the test.
async fn retained(harness: &Harness, name: &str) -> Client {
    let mut publisher = harness.client("publisher").await;
    publisher.publish_retained(harness.topic(name), "retained", 1).await;
    publisher
}
