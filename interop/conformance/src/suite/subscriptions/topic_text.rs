//! Tests topics as text: very long topics, and that matching neither changes nor ignores any character.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Subscribe, property};

cases! {
    names_and_filters_may_have_65_535_bytes: "MQTT5-4.7.3-3", "MQTT3-4.7.3-3";
    matching_alters_no_character: "MQTT5-4.7.3-4", "MQTT3-4.7.3-4";
    retained_topics_differ_by_every_character: "MQTT5-4.7.3-4", "MQTT3-4.7.3-4";
}

async fn names_and_filters_may_have_65_535_bytes(harness: Harness) {
    for character in ["x", "ü"] {
        let mut topic = harness.topic("");
        while topic.len() + character.len() <= 65_535 {
            topic.push_str(character);
        }
        let (mut client, connack) = harness.connect("one").open_with_connack().await;
        let max = connack.properties.get_number(property::MAXIMUM_PACKET_SIZE);
        if max.is_some_and(|max| max < 66_000) {
            return harness.assert_optional_feature("packets of 66,000 bytes");
        }
        client.subscribe(&topic, 1).await;
        // The other topic differs from the subscribed topic only in the last character.
        let mut other = topic.clone();
        other.pop();
        other.push('y');
        client.publish(&other, "other", 1).await;
        client.publish(&topic, "this", 1).await;
        let message = client.receive().await;
        assert_eq!(
            (message.payload, message.topic == topic),
            (b"this".to_vec(), true),
            "the message of the subscribed topic"
        );
        client.unsubscribe(&topic).await;
        client.publish(&topic, "late", 1).await;
        client.expect_no_message().await;
        client.disconnect().await;
    }
}

/// Returns topics that a broker might wrongly treat as equal.
fn similar_topics(harness: &Harness) -> Vec<String> {
    let names = [
        "a",
        "A",
        "a/",
        "/a",
        "a//b",
        "a/b",
        "/a//b",
        "a/b/",
        " a",
        "a ",
        "a b",
        "a  b",
        "a%20b",
        "a+b/c",
        "é",
        "e\u{301}",
        "É",
        "\u{212B}",
        "\u{C5}",
        "ﬁ",
        "fi",
        "ß",
        "ss",
        "\u{FEFF}a",
        "a\u{200B}",
        "ａ",
        "1",
        "１",
        "a/./b",
        "a/../a",
        "\u{130}",
        "i",
        "İ/a",
        "🦀",
        "a\\b",
    ];
    names.iter().filter(|name| !name.contains('+')).map(|name| harness.topic(name)).collect()
}

async fn matching_alters_no_character(harness: Harness) {
    let mut topics = similar_topics(&harness);
    topics.push(format!("/{}", topics[0]));
    topics.push(topics[0].to_uppercase());
    let mut publisher = harness.client("publisher").await;
    let mut client = harness.client("one").await;
    for topic in &topics {
        client.subscribe(topic, 0).await;
        publisher.publish_all(&topics).await;
        let seen: Vec<_> = client.receive_all().await.into_iter().map(|message| message.topic).collect();
        assert_eq!(seen, [topic.as_str()], "subscribed to {topic:?}");
        client.unsubscribe(topic).await;
    }
    // The client subscribes to all topics in one SUBSCRIBE.
    let subscribe = topics.iter().fold(Subscribe::new(1), |all, topic| all.filter(topic, 0));
    client.exchange_subscribe(&subscribe).await;
    publisher.publish_all(&topics).await;
    let seen: Vec<_> = client.receive_all().await.into_iter().map(|message| message.topic).collect();
    assert_eq!(seen, topics);
}

async fn retained_topics_differ_by_every_character(harness: Harness) {
    let topics = similar_topics(&harness);
    let mut publisher = harness.client("publisher").await;
    for topic in &topics {
        publisher.publish_retained(topic, topic, 1).await;
    }
    let mut client = harness.client("one").await;
    for topic in &topics {
        client.subscribe(topic, 0).await;
        let message = client.receive().await;
        assert_eq!((&message.topic, message.payload.as_slice()), (topic, topic.as_bytes()));
        client.expect_no_message().await;
        client.unsubscribe(topic).await;
    }
}
