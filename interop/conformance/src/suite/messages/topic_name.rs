//! Tests the topic name of PUBLISH: it is UTF-8, has no wildcards, and matches a filter of the subscriber.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, packet_with_body};

cases! {
    a_topic_that_is_not_utf_8_ends_the_connection: "MQTT5-3.3.2-1", "MQTT3-3.3.2-1";
    a_topic_longer_than_its_packet_ends_the_connection: "MQTT5-3.3.2-1", "MQTT3-3.3.2-1";
    a_publish_to_a_topic_with_wildcards_is_not_delivered: "MQTT5-3.3.2-2", "MQTT3-3.3.2-2";
    every_delivered_topic_matches_a_filter: "MQTT5-3.3.2-3", "MQTT3-3.3.2-3";
}

async fn a_topic_that_is_not_utf_8_ends_the_connection(harness: Harness) {
    let mut watcher = harness.subscriber("watcher", harness.topic("#"), 2).await;
    for end in [&b"\xFF"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"a\0b"] {
        for qos in 0..3 {
            let mut publisher = harness.client("publisher").await;
            let topic = [harness.topic("").as_bytes(), end].concat();
            publisher.send_publish(&Publish::new(&topic, "x").qos(qos, 1)).await;
            publisher.expect_close_without_answer(&[0x81]).await;
        }
    }
    watcher.expect_no_message().await;
}

async fn a_topic_longer_than_its_packet_ends_the_connection(harness: Harness) {
    for (first, body) in [(0x30, &b""[..]), (0x30, b"\0"), (0x30, b"\0\x04abc"), (0x32, b"\xFF\xFFabcdef")] {
        let mut publisher = harness.client("publisher").await;
        publisher.send(&packet_with_body(first, body)).await;
        publisher.expect_close_without_answer(&[0x81]).await;
    }
}

async fn a_publish_to_a_topic_with_wildcards_is_not_delivered(harness: Harness) {
    let mut watcher = harness.subscriber("watcher", harness.topic("#"), 2).await;
    for topic in ["a/+", "a/#", "+/b", "a+", "#a"] {
        for qos in 0..3 {
            let mut publisher = harness.client("publisher").await;
            publisher.send_publish(&Publish::new(harness.topic(topic), "x").qos(qos, 1)).await;
            if qos == 0 || !harness.is_v5() {
                publisher.expect_close_without_answer(&[0x90, 0x81, 0x82]).await;
            } else if publisher.stays_open_or_closes(&[0x90, 0x81, 0x82]).await {
                let packet_type = if qos == 1 { PacketType::PubAck } else { PacketType::PubRec };
                assert_eq!(
                    publisher.expect_ack(packet_type, 1).await,
                    0x90,
                    "refused, if the connection is not closed"
                );
            }
        }
    }
    watcher.expect_no_message().await;
}

async fn every_delivered_topic_matches_a_filter(harness: Harness) {
    let mut subscriber = harness.subscriber("subscriber", harness.topic("one/+/c"), 1).await;
    subscriber.subscribe(harness.topic("two/#"), 1).await;
    subscriber.subscribe(harness.topic("three"), 1).await;
    let mut publisher = harness.client("publisher").await;
    let matching = ["one/b/c", "one//c", "two", "two/a", "two/a/b", "three"];
    let others = ["one/b", "one/b/d", "one/b/c/d", "One/b/c", "twofold", "three/a", "thre", "/three", "four"];
    for topic in others.iter().chain(&matching) {
        publisher.publish(harness.topic(topic), "x", 1).await;
    }
    let messages = subscriber.drain_messages().await;
    let topics: Vec<_> = messages.iter().map(|message| message.topic.clone()).collect();
    assert_eq!(topics, matching.map(|topic| harness.topic(topic)));
}
