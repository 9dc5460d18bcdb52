//! Tests retained messages: what a PUBLISH with RETAIN stores, replaces and clears.

use crate::case::cases;
use crate::client::{Client, lossy_text};
use crate::harness::Harness;
use crate::wire::{Packet, PacketType, Properties, Publish, Will, property};

cases! {
    the_last_retained_message_of_each_topic_is_kept: "MQTT5-3.3.1-5", "MQTT3-3.3.1-5", "MQTT3-3.3.1-6";
    qos_0_replaces_what_was_retained: "MQTT5-3.3.1-5", "MQTT3-3.3.1-7";
    an_empty_retained_message_is_delivered_and_clears_the_topic: "MQTT5-3.3.1-6", "MQTT3-3.3.1-10", "TRAP5-20", "TRAP3-20";
    an_empty_retained_message_is_never_stored: "MQTT5-3.3.1-7", "MQTT3-3.3.1-11";
    publishing_without_retain_leaves_the_retained_message_unchanged: "MQTT5-3.3.1-8", "MQTT3-3.3.1-12";
    an_empty_retained_will_clears_the_topic: "TRAP5-21", "TRAP3-21";
    a_retained_message_is_delivered_at_the_lower_qos: "TRAP5-22", "TRAP3-22";
    a_pubrel_on_a_later_connection_keeps_retain: "TRAP5-24", "TRAP3-24";
}

async fn the_last_retained_message_of_each_topic_is_kept(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for (name, qos) in [("b/1", 1), ("b/2", 2)] {
        for payload in ["old", "new"] {
            let mut publish = Publish::new(harness.topic(name), payload).qos(qos, 0).retain();
            if harness.is_v5() {
                publish.properties = Properties::default().text(property::CONTENT_TYPE, payload);
            }
            publisher.exchange_publish(publish).await;
        }
    }
    publisher.publish_retained(harness.topic("other"), "other", 1).await;
    let messages = retained_messages(&harness, "late", "b/+").await;
    let seen: Vec<_> = messages.iter().map(|message| (message.topic.clone(), message.qos)).collect();
    assert_eq!(seen, [(harness.topic("b/1"), 1), (harness.topic("b/2"), 2)], "topics, each at its QoS");
    for message in &messages {
        assert_eq!(lossy_text(&message.payload), "new");
        let content = message.properties.get_text(property::CONTENT_TYPE);
        assert_eq!(content, harness.is_v5().then_some("new"), "the properties are those of the last message");
    }
}

async fn qos_0_replaces_what_was_retained(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for qos in [1, 2] {
        publisher.publish_retained(harness.topic("b/a"), "old", qos).await;
        publisher.publish_retained(harness.topic("b/a"), "new", 0).await;
        for message in retained_messages(&harness, "late", "b/#").await {
            assert_eq!(
                (lossy_text(&message.payload).as_str(), message.qos),
                ("new", 0),
                "the new one or nothing"
            );
        }
    }
}

async fn an_empty_retained_message_is_delivered_and_clears_the_topic(harness: Harness) {
    let topic = harness.topic("b/a");
    let mut online = harness.subscriber("online", &topic, 2).await;
    let mut publisher = publisher_with_marker(&harness).await;
    for qos in 0..3 {
        publisher.publish_retained(&topic, "full", 1).await;
        assert!(!online.expect_message("full").await.retain);
        assert_eq!(retained_messages(&harness, "before", "b/+").await.len(), 2, "the message and the marker");
        publisher.publish_retained(&topic, "", qos).await;
        let message = online.expect_message("").await;
        assert_eq!((message.qos, message.retain), (qos, false), "delivered as usual");
        assert_eq!(payloads(&retained_messages(&harness, "late", "b/+").await), ["marker"], "cleared");
    }
}

async fn an_empty_retained_message_is_never_stored(harness: Harness) {
    let mut publisher = publisher_with_marker(&harness).await;
    for qos in 0..3 {
        publisher.publish_retained(harness.topic("b/fresh"), "", qos).await;
    }
    assert_eq!(payloads(&retained_messages(&harness, "late", "b/+").await), ["marker"]);
}

async fn publishing_without_retain_leaves_the_retained_message_unchanged(harness: Harness) {
    let mut publisher = publisher_with_marker(&harness).await;
    publisher.publish_retained(harness.topic("b/a"), "kept", 1).await;
    for qos in 0..3 {
        publisher.publish(harness.topic("b/a"), "passing", qos).await;
        publisher.publish(harness.topic("b/a"), "", qos).await;
        publisher.publish(harness.topic("b/fresh"), "passing", qos).await;
    }
    assert_eq!(payloads(&retained_messages(&harness, "late", "b/+").await), ["kept", "marker"]);
}

async fn an_empty_retained_will_clears_the_topic(harness: Harness) {
    let topic = harness.topic("b/a");
    let mut publisher = publisher_with_marker(&harness).await;
    publisher.publish_retained(&topic, "full", 1).await;
    let mut online = harness.client("online").await;
    assert_eq!(payloads(&online.subscribe_and_drain(&topic, 0).await), ["full"]);
    harness.connect("dying").will(Will::new(&topic, "").retain()).open().await.drop_connection().await;
    assert!(!online.expect_message("").await.retain, "the will is delivered as a live message");
    assert_eq!(payloads(&retained_messages(&harness, "late", "b/+").await), ["marker"]);
}

async fn a_retained_message_is_delivered_at_the_lower_qos(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for published in 0..3 {
        publisher.publish_retained(harness.topic(&published.to_string()), "x", published).await;
    }
    for granted in 0..3 {
        let mut late = harness.client("late").await;
        let messages = late.subscribe_and_drain(harness.topic("+"), granted).await;
        let seen: Vec<_> = messages.iter().map(|message| message.qos).collect();
        assert_eq!(seen, [0, 1.min(granted), granted], "granted QoS {granted}");
    }
    assert_eq!(retained_messages(&harness, "again", "2").await[0].qos, 2, "the stored message keeps its QoS");
}

async fn a_pubrel_on_a_later_connection_keeps_retain(harness: Harness) {
    let topic = harness.topic("a");
    let mut first = harness.connect("publisher").persistent().open().await;
    first.send_publish(&Publish::new(&topic, "x").qos(2, 5).retain()).await;
    first.expect_ack(PacketType::PubRec, 5).await;
    first.drop_connection().await;
    let mut second = harness.connect("publisher").persistent().open().await;
    second.send_ack(0x62, 5, 0).await;
    assert_eq!(second.expect_ack(PacketType::PubComp, 5).await, 0);
    let messages = retained_messages(&harness, "late", "a").await;
    let seen: Vec<_> = messages.iter().map(|message| (message.qos, message.retain)).collect();
    assert_eq!(seen, [(2, true)], "QoS and RETAIN");
}

/// Connects a publisher that publishes a retained marker message beside the topic of the test. A subscriber that
/// receives the marker has received all retained messages of the test.
async fn publisher_with_marker(harness: &Harness) -> Client {
    let mut publisher = harness.client("publisher").await;
    publisher.publish_retained(harness.topic("b/marker"), "marker", 1).await;
    publisher
}

/// Connects a new subscriber. Returns the retained messages that it receives, sorted by topic.
async fn retained_messages(harness: &Harness, name: &str, filter: &str) -> Vec<Packet> {
    let mut late = harness.client(name).await;
    let messages = late.subscribe_and_drain(harness.topic(filter), 2).await;
    late.disconnect().await;
    messages
}

fn payloads(messages: &[Packet]) -> Vec<String> {
    messages.iter().map(|message| lossy_text(&message.payload)).collect()
}
