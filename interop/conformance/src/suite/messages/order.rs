//! Ordered topics: what one publisher sends on a topic at one QoS comes out in the order in which it went in.

use std::ops::Range;

use crate::case::cases;
use crate::client::{Client, text};
use crate::lab::Lab;
use crate::wire::{Packet, property};

cases! {
    an_undisturbed_subscriber_gets_them_in_order: "MQTT5-4.6.0-5", "MQTT5-4.6.0-6", "MQTT3-4.6.0-5", "MQTT3-4.6.0-6";
    a_disturbed_subscriber_gets_them_in_order: "MQTT5-4.6.0-5", "MQTT5-4.6.0-6", "MQTT3-4.6.0-5", "MQTT3-4.6.0-6", "TRAP5-82", "TRAP3-82";
    a_slow_subscriber_gets_them_in_order: "MQTT5-4.6.0-5", "MQTT5-4.6.0-6";
    what_waited_comes_before_what_is_new: "MQTT5-4.6.0-5", "MQTT3-4.6.0-6";
    every_subscription_is_ordered: "MQTT5-4.6.0-6", "MQTT3-4.6.0-5";
}

async fn an_undisturbed_subscriber_gets_them_in_order(lab: Lab) {
    let topic = lab.topic("a");
    for qos in 0..3 {
        let mut subscriber = lab.subscriber("subscriber", &topic, qos).await;
        let mut publisher = lab.client("publisher").await;
        publish(&mut publisher, &topic, 0..60, qos).await;
        for number in 0..60 {
            subscriber.hears(number.to_string()).await;
        }
    }
}

/// The connection is lost again and again; what was never answered comes again, so first copies are counted.
async fn a_disturbed_subscriber_gets_them_in_order(lab: Lab) {
    let topic = lab.topic("a");
    for qos in [1, 2] {
        let mut publisher = lab.client("publisher").await;
        let mut seen = Vec::new();
        let mut subscriber = lab.connect("subscriber").kept().open().await;
        subscriber.subscribe(&topic, qos).await;
        for round in 0..5 {
            publish(&mut publisher, &topic, round * 12..round * 12 + 6, qos).await;
            let messages = subscriber.messages().await;
            for message in messages.iter().take(4) {
                subscriber.acknowledge(message).await;
            }
            note_first(&mut seen, messages);
            subscriber.cut().await;
            publish(&mut publisher, &topic, round * 12 + 6..round * 12 + 12, qos).await;
            subscriber = lab.connect("subscriber").kept().open().await;
        }
        while seen.len() < 60 {
            let message = subscriber.receive().await;
            note_first(&mut seen, vec![message]);
        }
        assert_eq!(seen, (0..60).collect::<Vec<_>>(), "QoS {qos}");
        subscriber.unsubscribe(&topic).await;
        subscriber.leave().await;
        lab.client("subscriber").await.leave().await;
    }
}

async fn a_slow_subscriber_gets_them_in_order(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.connect("subscriber").number(property::RECEIVE_MAXIMUM, 3).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for number in 0..40 {
        publisher.publish(&topic, number.to_string(), 1 + number % 2).await;
    }
    for number in 0..40 {
        subscriber.hears(number.to_string()).await;
    }
}

async fn what_waited_comes_before_what_is_new(lab: Lab) {
    let topic = lab.topic("a");
    for qos in [1, 2] {
        let mut subscriber = lab.connect("subscriber").kept().open().await;
        subscriber.subscribe(&topic, qos).await;
        subscriber.cut().await;
        let mut publisher = lab.client("publisher").await;
        publish(&mut publisher, &topic, 0..50, qos).await;
        let mut subscriber = lab.connect("subscriber").kept().open().await;
        publish(&mut publisher, &topic, 50..60, qos).await;
        for number in 0..60 {
            subscriber.hears(number.to_string()).await;
        }
        subscriber.leave().await;
    }
}

async fn every_subscription_is_ordered(lab: Lab) {
    let filters = ["a/b", "a/+", "+/b", "#", "a/#"];
    let mut subscribers = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        let name = format!("s{number}");
        subscribers.push(lab.subscriber(&name, lab.topic(filter), 2).await);
    }
    let mut publisher = lab.client("publisher").await;
    for qos in 0..3 {
        publish(&mut publisher, &lab.topic("a/b"), 0..30, qos).await;
        for subscriber in &mut subscribers {
            for number in 0..30 {
                subscriber.hears(number.to_string()).await;
            }
        }
    }
}

async fn publish(publisher: &mut Client, topic: &str, numbers: Range<u32>, qos: u8) {
    for number in numbers {
        publisher.publish(topic, number.to_string(), qos).await;
    }
}

fn note_first(seen: &mut Vec<u32>, messages: Vec<Packet>) {
    for message in messages {
        let number = text(&message.payload).parse().expect("a number");
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
}
