//! Tests the properties that the broker forwards unchanged: in live, queued and retained messages, and in wills.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Packet, Properties, Publish, Will, property};

cases! {
    the_payload_format_is_forwarded: "MQTT5-3.3.2-4";
    the_response_topic_is_forwarded: "MQTT5-3.3.2-15";
    correlation_data_is_forwarded: "MQTT5-3.3.2-16";
    user_properties_are_forwarded_in_their_order: "MQTT5-3.3.2-17", "MQTT5-3.3.2-18";
    the_content_type_is_forwarded: "MQTT5-3.3.2-20";
    all_properties_are_forwarded_together: "MQTT5-3.3.2-4", "MQTT5-3.3.2-15", "MQTT5-3.3.2-16", "MQTT5-3.3.2-17", "MQTT5-3.3.2-20";
}

async fn the_payload_format_is_forwarded(harness: Harness) {
    for format in [1, 0] {
        let properties = Properties::default().number(property::PAYLOAD_FORMAT, format);
        for (way, copy) in copies(&harness, &format.to_string(), &properties).await {
            let seen = copy.properties.get_number(property::PAYLOAD_FORMAT);
            assert!(seen.unwrap_or(0) == format, "{way}: {seen:?}"); // If absent, the format is 0.
        }
    }
    for (way, copy) in copies(&harness, "none", &Properties::default()).await {
        let seen = copy.properties.get_number(property::PAYLOAD_FORMAT);
        assert!(seen.unwrap_or(0) == 0, "{way}: {seen:?}");
    }
}

async fn the_response_topic_is_forwarded(harness: Harness) {
    for (name, topic) in [("one", "answers/here"), ("two", "/ä/\u{1F600}")] {
        let properties = Properties::default().text(property::RESPONSE_TOPIC, topic);
        for (way, copy) in copies(&harness, name, &properties).await {
            assert_eq!(copy.properties.get_text(property::RESPONSE_TOPIC), Some(topic), "{way}");
        }
    }
}

async fn correlation_data_is_forwarded(harness: Harness) {
    let every: Vec<u8> = (0..=255).chain([0, 0, 255, 255]).collect();
    for (name, data) in [("one", &every[..]), ("two", b"\0"), ("three", b"\xFF\xFE"), ("four", b"")] {
        let properties = Properties::default().binary(property::CORRELATION_DATA, data);
        for (way, copy) in copies(&harness, name, &properties).await {
            assert_eq!(copy.properties.get_binary(property::CORRELATION_DATA), Some(data), "{way}");
        }
    }
}

async fn user_properties_are_forwarded_in_their_order(harness: Harness) {
    let pairs = [("a", "1"), ("b", ""), ("a", "2"), ("", "3"), ("c", "ä\u{1F600}"), ("a", "1"), ("", "")];
    let properties = pairs.iter().fold(Properties::default(), |all, (name, value)| all.user(name, value));
    for (way, copy) in copies(&harness, "one", &properties).await {
        assert_eq!(copy.properties.user_properties(), pairs, "{way}");
    }
}

async fn the_content_type_is_forwarded(harness: Harness) {
    for (name, content) in [("one", "application/json"), ("two", "ä \u{1F600}")] {
        let properties = Properties::default().text(property::CONTENT_TYPE, content);
        for (way, copy) in copies(&harness, name, &properties).await {
            assert_eq!(copy.properties.get_text(property::CONTENT_TYPE), Some(content), "{way}");
        }
    }
}

async fn all_properties_are_forwarded_together(harness: Harness) {
    let properties = Properties::default()
        .user("a", "1")
        .binary(property::CORRELATION_DATA, b"\0\xFF")
        .text(property::CONTENT_TYPE, "text")
        .user("b", "2")
        .number(property::PAYLOAD_FORMAT, 1)
        .text(property::RESPONSE_TOPIC, "answers")
        .user("a", "1");
    for (way, copy) in copies(&harness, "one", &properties).await {
        for id in [
            property::CORRELATION_DATA,
            property::CONTENT_TYPE,
            property::PAYLOAD_FORMAT,
            property::RESPONSE_TOPIC,
        ] {
            assert_eq!(copy.properties.get(id), properties.get(id), "{way}: {id:#04x}");
        }
        assert_eq!(copy.properties.user_properties(), properties.user_properties(), "{way}");
        assert_eq!(copy.properties.0.len(), properties.0.len(), "{way}: no other property");
    }
}

/// Sends messages with these properties on every path to a subscriber: live at each QoS, as a will, through the
/// session's queue, and as a retained message. Returns the received messages, each with the name of its path.
async fn copies(harness: &Harness, name: &str, properties: &Properties) -> Vec<(&'static str, Packet)> {
    let topic = harness.topic(name);
    let mut online = harness.subscriber("online", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    let publish = |payload: &str| Publish::new(&topic, payload).properties(properties.clone());
    publisher.exchange_publish(publish("at QoS 0")).await;
    let mut away = harness.connect("away").persistent().open().await;
    away.subscribe(&topic, 2).await;
    away.disconnect().await;
    publisher.exchange_publish(publish("at QoS 1").qos(1, 0)).await;
    publisher.exchange_publish(publish("at QoS 2").qos(2, 0).retain()).await;
    let will = Will::new(&topic, "will").qos(1).properties(properties.clone());
    harness.connect("dying").will(will).open().await.drop_connection().await;
    let mut copies = Vec::new();
    for way in ["at QoS 0", "at QoS 1", "at QoS 2", "will"] {
        copies.push((way, online.expect_message(way).await));
    }
    let mut back = harness.connect("away").persistent().open().await;
    for way in ["at QoS 1", "at QoS 2", "will"] {
        copies.push(("from the queue", back.expect_message(way).await));
    }
    back.unsubscribe(&topic).await;
    back.disconnect().await;
    let mut late = harness.subscriber("late", &topic, 2).await;
    copies.push(("retained", late.expect_message("at QoS 2").await));
    copies
}
