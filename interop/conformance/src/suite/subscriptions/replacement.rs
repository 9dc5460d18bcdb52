//! Tests that a subscription to the same filter replaces the earlier subscription, and that no message is lost.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Subscribe, property};

cases! {
    the_same_filter_again_replaces_the_subscription: "MQTT5-3.8.4-3", "MQTT3-3.8.4-3";
    a_replacement_resends_retained_messages_and_loses_none: "MQTT5-3.8.4-4", "MQTT3-3.8.4-3", "TRAP5-34";
    a_replacement_on_a_resumed_session_delivers_no_duplicates: "MQTT5-3.8.4-3", "MQTT3-3.8.4-3", "TRAP5-33", "TRAP3-33";
    a_replacement_without_identifier_removes_the_identifier: "MQTT5-3.8.4-3", "TRAP5-35";
    a_replacement_has_its_own_options: "MQTT5-3.8.4-3";
}

async fn the_same_filter_again_replaces_the_subscription(harness: Harness) {
    for filter in [harness.topic("a"), harness.topic("+"), harness.topic("#")] {
        let mut client = harness.client("one").await;
        let first = Subscribe::new(1).filter(&filter, 2).identifier(7);
        assert_eq!(client.exchange_subscribe(&first).await.codes, [2]);
        let second = Subscribe::new(2).filter(&filter, 0).identifier(8);
        assert_eq!(client.exchange_subscribe(&second).await.codes, [0]);
        let mut other = harness.client("other").await;
        other.publish(harness.topic("a"), "x", 2).await;
        let messages = client.receive_all().await;
        assert_eq!(messages.len(), 1, "one copy for {filter}");
        assert_eq!(messages[0].qos, 0, "at the later QoS");
        if harness.is_v5() {
            assert_eq!(
                messages[0].properties.numbers(property::SUBSCRIPTION_ID),
                [8],
                "with the later identifier"
            );
        }
        // The client has only one subscription to the filter, so one UNSUBSCRIBE removes it.
        client.unsubscribe(&filter).await;
        other.publish(harness.topic("a"), "y", 2).await;
        client.expect_no_message().await;
        if harness.is_v5() {
            assert_eq!(client.unsubscribe(&filter).await.codes, [0x11], "no subscription is left");
        }
        client.disconnect().await;
        other.disconnect().await;
    }
}

async fn a_replacement_resends_retained_messages_and_loses_none(harness: Harness) {
    let (retained, stream, filter) = (harness.topic("retained"), harness.topic("stream"), harness.topic("+"));
    let mut publisher = harness.client("publisher").await;
    publisher.publish_retained(&retained, "kept", 1).await;
    let mut client = harness.subscriber("one", &filter, 1).await;
    assert_eq!(client.receive().await.topic, retained);
    let streaming = async {
        for number in 0..MESSAGE_COUNT {
            publisher.publish(&stream, number.to_string(), 1).await;
        }
    };
    let mut seen = Vec::new();
    let resubscribing = async {
        for round in 0..RESUBSCRIBE_COUNT {
            // Each SUBSCRIBE changes the QoS. The broker may deliver a concurrent message with the old or the new
            // options.
            client.subscribe(&filter, 1 + round % 2).await;
            // The broker has to send the retained message after each SUBSCRIBE.
            loop {
                let message = client.receive().await;
                if message.topic == retained {
                    assert!(message.retain, "sent because of the SUBSCRIBE");
                    break;
                }
                seen.push(message);
            }
        }
    };
    tokio::join!(streaming, resubscribing);
    seen.extend(client.receive_all().await);
    assert!(seen.iter().all(|message| message.topic == stream), "one retained copy per SUBSCRIBE");
    let numbers: Vec<_> = seen.iter().map(|message| String::from_utf8_lossy(&message.payload)).collect();
    let expected: Vec<_> = (0..MESSAGE_COUNT).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected, "no message is lost or duplicated");
}

async fn a_replacement_on_a_resumed_session_delivers_no_duplicates(harness: Harness) {
    let filters = [harness.topic("a"), harness.topic("+/b")];
    let mut other = harness.client("other").await;
    for round in 0..3 {
        let mut client = harness.connect("one").persistent().open().await;
        for filter in &filters {
            client.subscribe(filter, 1).await;
        }
        for name in ["a", "a/b"] {
            other.publish(harness.topic(name), name, 1).await;
        }
        assert_eq!(client.receive_payloads().await, ["a", "a/b"], "one copy each in round {round}");
        client.disconnect().await;
        // A queued message is also delivered in one copy.
        other.publish(harness.topic("a"), "queued", 1).await;
        let mut client = harness.connect("one").persistent().open().await;
        assert_eq!(client.receive_payloads().await, ["queued"], "one copy in round {round}");
        client.drop_connection().await;
    }
}

async fn a_replacement_without_identifier_removes_the_identifier(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    client.exchange_subscribe(&Subscribe::new(1).filter(&topic, 1).identifier(7)).await;
    client.publish(&topic, "x", 1).await;
    assert_eq!(client.receive().await.properties.numbers(property::SUBSCRIPTION_ID), [7]);
    client.exchange_subscribe(&Subscribe::new(2).filter(&topic, 1)).await;
    client.publish(&topic, "y", 1).await;
    assert!(client.receive().await.properties.numbers(property::SUBSCRIPTION_ID).is_empty(), "no identifier");
}

async fn a_replacement_has_its_own_options(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    // The subscription has No Local and Retain As Published, then neither of these options, then both again.
    for (options, echoes) in [(0x0D, false), (0x01, true), (0x0D, false)] {
        client.exchange_subscribe(&Subscribe::new(1).filter(&topic, options | 0x20)).await;
        client.publish(&topic, "mine", 1).await;
        let echoed = client.receive_payloads().await == ["mine"];
        assert_eq!(echoed, echoes, "own messages with the options {options:#04x}");
        harness.client("other").await.publish_retained(&topic, "theirs", 1).await;
        let message = client.receive().await;
        assert_eq!(message.retain, options & 8 != 0, "RETAIN with the options {options:#04x}");
    }
}

const MESSAGE_COUNT: usize = 100;
const RESUBSCRIBE_COUNT: u8 = 10;
