//! Tests ordered topics: the broker delivers the messages of one publisher on one topic at one QoS in the order of
//! publishing.

use std::ops::Range;

use crate::case::cases;
use crate::client::{Client, lossy_text};
use crate::harness::Harness;
use crate::wire::{Packet, property};

cases! {
    a_connected_subscriber_gets_messages_in_order: "MQTT5-4.6.0-5", "MQTT5-4.6.0-6", "MQTT3-4.6.0-5", "MQTT3-4.6.0-6";
    a_reconnecting_subscriber_gets_messages_in_order: "MQTT5-4.6.0-5", "MQTT5-4.6.0-6", "MQTT3-4.6.0-5", "MQTT3-4.6.0-6", "TRAP5-82", "TRAP3-82";
    a_slow_subscriber_gets_messages_in_order: "MQTT5-4.6.0-5", "MQTT5-4.6.0-6";
    queued_messages_come_before_new_ones: "MQTT5-4.6.0-5", "MQTT3-4.6.0-6";
    every_subscription_is_ordered: "MQTT5-4.6.0-6", "MQTT3-4.6.0-5";
}

async fn a_connected_subscriber_gets_messages_in_order(harness: Harness) {
    let topic = harness.topic("a");
    for qos in 0..3 {
        let mut subscriber = harness.subscriber("subscriber", &topic, qos).await;
        let mut publisher = harness.client("publisher").await;
        publish(&mut publisher, &topic, 0..60, qos).await;
        for number in 0..60 {
            subscriber.expect_message(number.to_string()).await;
        }
    }
}

/// The subscriber loses its connection several times. Because the broker resends unacknowledged messages, the test
/// checks the order of the first copy of each message.
async fn a_reconnecting_subscriber_gets_messages_in_order(harness: Harness) {
    let topic = harness.topic("a");
    for qos in [1, 2] {
        let mut publisher = harness.client("publisher").await;
        let mut seen = Vec::new();
        let mut subscriber = harness.connect("subscriber").persistent().open().await;
        subscriber.subscribe(&topic, qos).await;
        for round in 0..5 {
            publish(&mut publisher, &topic, round * 12..round * 12 + 6, qos).await;
            let messages = subscriber.drain_messages().await;
            for message in messages.iter().take(4) {
                subscriber.acknowledge(message).await;
            }
            record_first(&mut seen, messages);
            subscriber.drop_connection().await;
            publish(&mut publisher, &topic, round * 12 + 6..round * 12 + 12, qos).await;
            subscriber = harness.connect("subscriber").persistent().open().await;
        }
        while seen.len() < 60 {
            let message = subscriber.receive().await;
            record_first(&mut seen, vec![message]);
        }
        assert_eq!(seen, (0..60).collect::<Vec<_>>(), "QoS {qos}");
        subscriber.unsubscribe(&topic).await;
        subscriber.disconnect().await;
        harness.client("subscriber").await.disconnect().await;
    }
}

async fn a_slow_subscriber_gets_messages_in_order(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.connect("subscriber").number(property::RECEIVE_MAXIMUM, 3).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for number in 0..40 {
        publisher.publish(&topic, number.to_string(), 1 + number % 2).await;
    }
    for number in 0..40 {
        subscriber.expect_message(number.to_string()).await;
    }
}

async fn queued_messages_come_before_new_ones(harness: Harness) {
    let topic = harness.topic("a");
    for qos in [1, 2] {
        let mut subscriber = harness.connect("subscriber").persistent().open().await;
        subscriber.subscribe(&topic, qos).await;
        subscriber.drop_connection().await;
        let mut publisher = harness.client("publisher").await;
        publish(&mut publisher, &topic, 0..50, qos).await;
        let mut subscriber = harness.connect("subscriber").persistent().open().await;
        publish(&mut publisher, &topic, 50..60, qos).await;
        for number in 0..60 {
            subscriber.expect_message(number.to_string()).await;
        }
        subscriber.disconnect().await;
    }
}

async fn every_subscription_is_ordered(harness: Harness) {
    let filters = ["a/b", "a/+", "+/b", "#", "a/#"];
    let mut subscribers = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        let name = format!("s{number}");
        subscribers.push(harness.subscriber(&name, harness.topic(filter), 2).await);
    }
    let mut publisher = harness.client("publisher").await;
    for qos in 0..3 {
        publish(&mut publisher, &harness.topic("a/b"), 0..30, qos).await;
        for subscriber in &mut subscribers {
            for number in 0..30 {
                subscriber.expect_message(number.to_string()).await;
            }
        }
    }
}

async fn publish(publisher: &mut Client, topic: &str, numbers: Range<u32>, qos: u8) {
    for number in numbers {
        publisher.publish(topic, number.to_string(), qos).await;
    }
}

fn record_first(seen: &mut Vec<u32>, messages: Vec<Packet>) {
    for message in messages {
        let number = lossy_text(&message.payload).parse().expect("a number");
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
}
