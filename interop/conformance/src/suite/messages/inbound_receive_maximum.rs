//! Tests the broker's Receive Maximum: how many messages a client may have in flight, and how the broker reacts when a
//! client sends more.

use std::ops::Range;

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, property};

cases! {
    one_message_too_many_ends_the_connection: "MQTT5-3.3.4-7", "TRAP5-69";
    completed_messages_do_not_count [LOW_LIMITS]: "MQTT5-3.3.4-7", "TRAP5-69";
    a_refused_message_does_not_count [LOW_LIMITS]: "MQTT5-3.3.4-7", "TRAP5-70";
    each_connection_starts_a_new_count [LOW_LIMITS]: "MQTT5-3.3.4-7", "MQTT5-4.9.0-1";
}

async fn one_message_too_many_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    let (mut publisher, connack) = harness.connect("publisher").open_with_connack().await;
    let Some(maximum) = connack.properties.get_number(property::RECEIVE_MAXIMUM) else {
        // Without the property, the Receive Maximum is 65,535. A client cannot exceed that, because it has no more
        // packet identifiers.
        return harness.assert_optional_feature("a Receive Maximum");
    };
    let maximum = u16::try_from(maximum).expect("two bytes");
    assert!(maximum > 0, "Receive Maximum 0 is not allowed");
    for id in 1..=maximum {
        publisher.send_publish(&Publish::new(&topic, "x").qos(2, id)).await;
        assert!(publisher.expect_ack(PacketType::PubRec, id).await < 0x80);
    }
    publisher.ping().await;
    if maximum < 65_535 {
        publisher.send_publish(&Publish::new(&topic, "excess").qos(2, maximum + 1)).await;
        publisher.expect_close_without_answer(&[0x93]).await;
    }
    assert!(
        !watcher.drain_payloads().await.contains(&"excess".to_owned()),
        "the excess message is not delivered"
    );
}

async fn completed_messages_do_not_count(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    publish_in_flight(&mut publisher, &topic, 1001..1005).await;
    for _ in 0..20 {
        publisher.publish(&topic, "x", 1).await;
        publisher.publish(&topic, "x", 0).await;
    }
    for id in 1100..1120 {
        publish_in_flight(&mut publisher, &topic, id..id + 1).await;
        publisher.send_ack(0x62, id, 0).await;
        assert_eq!(publisher.expect_ack(PacketType::PubComp, id).await, 0);
    }
    publish_in_flight(&mut publisher, &topic, 1005..1006).await;
    publish_in_flight(&mut publisher, &topic, 1005..1006).await; // A repeated PUBLISH is the same message.
    publisher.send_publish(&Publish::new(&topic, "x").qos(2, 1006)).await;
    publisher.expect_close_without_answer(&[0x93]).await;
}

/// Tidegate refuses publishes to topics that begin with `$`.
async fn a_refused_message_does_not_count(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    publish_in_flight(&mut publisher, &topic, 1001..1005).await;
    for _ in 0..20 {
        assert_eq!(publisher.publish(format!("$x/{topic}"), "x", 2).await, 0x87);
        assert_eq!(publisher.publish(format!("$x/{topic}"), "x", 1).await, 0x87);
    }
    publish_in_flight(&mut publisher, &topic, 1005..1006).await;
    publisher.send_publish(&Publish::new(&topic, "x").qos(2, 1006)).await;
    publisher.expect_close_without_answer(&[0x93]).await;
}

async fn each_connection_starts_a_new_count(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.connect("publisher").persistent().open().await;
    publish_in_flight(&mut publisher, &topic, 1..6).await;
    publisher.drop_connection().await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    publish_in_flight(&mut publisher, &topic, 1..6).await;
    publisher.drop_connection().await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    for id in 1..6 {
        // When the client completes messages of the earlier connection, its quota on the current connection must not
        // rise.
        publisher.send_ack(0x62, id, 0).await;
        assert_eq!(publisher.expect_ack(PacketType::PubComp, id).await, 0);
    }
    publish_in_flight(&mut publisher, &topic, 11..16).await;
    publisher.send_publish(&Publish::new(&topic, "x").qos(2, 16)).await;
    publisher.expect_close_without_answer(&[0x93]).await;
}

/// Publishes one message at QoS 2 for each packet identifier in `ids`, and leaves the messages in flight: sends no
/// PUBREL.
async fn publish_in_flight(publisher: &mut Client, topic: &str, ids: Range<u16>) {
    for id in ids {
        publisher.send_publish(&Publish::new(topic, "x").qos(2, id)).await;
        assert!(publisher.expect_ack(PacketType::PubRec, id).await < 0x80, "PUBREC");
    }
}
