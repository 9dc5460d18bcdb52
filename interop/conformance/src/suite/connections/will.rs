//! Tests which message the broker publishes as the will, and whether it is retained.

use super::watcher;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Properties, Version, Will, property};

cases! {
    a_will_is_published_as_it_was_given: "MQTT5-3.1.2-7", "MQTT5-3.1.2-8", "MQTT3-3.1.2-8", "MQTT3-3.1.2-9";
    a_will_carries_its_properties: "MQTT5-3.1.2-7";
    user_properties_of_a_will_keep_their_order: "MQTT5-3.1.3-10";
    a_will_is_published_at_its_qos: "MQTT5-3.1.2-12", "MQTT3-3.1.2-14", "MQTT3-3.1.2-9";
    a_will_without_retain_leaves_retained_messages_unchanged: "MQTT5-3.1.2-14", "MQTT3-3.1.2-16";
    a_will_with_retain_is_retained: "MQTT5-3.1.2-15", "MQTT3-3.1.2-17", "MQTT3-3.1.2-9";
    an_empty_will_with_retain_clears_the_retained_message: "MQTT5-3.1.2-15", "MQTT3-3.1.2-17";
    a_client_without_a_will_publishes_none: "MQTT3-3.1.2-12", "MQTT5-3.1.2-10", "MQTT3-3.1.2-10";
    retained_messages_outlive_sessions: "MQTT3-3.1.2-7";
}

async fn a_will_is_published_as_it_was_given(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    // A payload may contain any bytes and may be empty.
    for payload in [&b"gone"[..], b"\xFF\0\xED\xA0\x80", b""] {
        let mut client = harness.connect("one").will(Will::new(&topic, payload)).open().await;
        client.ping().await;
        watcher.expect_no_message().await;
        client.drop_connection().await;
        let message = watcher.receive().await;
        assert_eq!((message.topic.as_str(), message.payload.as_slice()), (topic.as_str(), payload));
        assert_eq!((message.qos, message.retain, message.dup), (0, false, false));
    }
    watcher.expect_no_message().await;
}

async fn a_will_carries_its_properties(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    let given = Properties::default()
        .number(property::PAYLOAD_FORMAT, 1)
        .number(property::MESSAGE_EXPIRY, 1000)
        .text(property::CONTENT_TYPE, "type")
        .text(property::RESPONSE_TOPIC, "answers/here")
        .binary(property::CORRELATION_DATA, b"\xFF\0");
    harness
        .connect("one")
        .will(Will::new(&topic, "gone").properties(given.clone()))
        .open()
        .await
        .drop_connection()
        .await;
    let message = watcher.receive().await;
    for (id, value) in &given.0 {
        if *id == property::MESSAGE_EXPIRY {
            let left = message.properties.get_number(*id).expect("the remaining expiry interval");
            assert!((1..=1000).contains(&left), "{left} s left");
        } else {
            assert_eq!(message.properties.get(*id), Some(value), "property {id:#04x}");
        }
    }
    // The broker does not forward the Will Delay Interval to subscribers.
    assert!(!message.properties.has(property::WILL_DELAY));
}

async fn user_properties_of_a_will_keep_their_order(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    let pairs = [("a", "1"), ("b", "2"), ("a", "3"), ("", ""), ("a", "1")];
    let properties = pairs.iter().fold(Properties::default(), |all, (name, value)| all.user(name, value));
    harness
        .connect("one")
        .will(Will::new(&topic, "").properties(properties))
        .open()
        .await
        .drop_connection()
        .await;
    assert_eq!(watcher.receive().await.properties.user_properties(), pairs);
}

async fn a_will_is_published_at_its_qos(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    for qos in 0..3 {
        harness.connect("one").will(Will::new(&topic, [qos]).qos(qos)).open().await.drop_connection().await;
        let message = watcher.receive().await;
        assert_eq!((message.qos, message.payload.as_slice()), (qos, &[qos][..]));
    }
}

async fn a_will_without_retain_leaves_retained_messages_unchanged(harness: Harness) {
    let (topic, other) = (harness.topic("will"), harness.topic("other"));
    let mut watcher = watcher(&harness).await;
    watcher.publish_retained(&other, "before", 1).await;
    assert_eq!(watcher.receive().await.payload, b"before");
    for topic in [&topic, &other] {
        harness.connect("one").will(Will::new(topic, "gone").qos(1)).open().await.drop_connection().await;
        assert_eq!(watcher.receive().await.payload, b"gone");
    }
    let mut late = harness.subscriber("late", &topic, 1).await;
    late.expect_no_message().await;
    late.subscribe(&other, 1).await;
    assert_eq!(late.receive().await.payload, b"before");
}

async fn a_will_with_retain_is_retained(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    let will = Will::new(&topic, "gone").qos(1).retain();
    harness.connect("one").will(will).open().await.drop_connection().await;
    let message = watcher.receive().await;
    assert_eq!((message.payload.as_slice(), message.qos), (&b"gone"[..], 1));
    let mut late = harness.subscriber("late", &topic, 2).await;
    let message = late.receive().await;
    assert_eq!((message.payload.as_slice(), message.qos, message.retain), (&b"gone"[..], 1, true));
}

async fn an_empty_will_with_retain_clears_the_retained_message(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    watcher.publish_retained(&topic, "before", 1).await;
    watcher.receive().await;
    harness.connect("one").will(Will::new(&topic, "").retain()).open().await.drop_connection().await;
    assert!(watcher.receive().await.payload.is_empty());
    harness.subscriber("late", &topic, 1).await.expect_no_message().await;
}

async fn a_client_without_a_will_publishes_none(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    harness.client("none").await.drop_connection().await;
    harness.expect_no_will(&mut watcher).await;
    // The broker publishes the will once. The session then continues without a will.
    harness.connect("one").persistent().will(Will::new(&topic, "gone")).open().await.drop_connection().await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    harness.connect("one").persistent().open().await.drop_connection().await;
    harness.expect_no_will(&mut watcher).await;
    // A will that a normal DISCONNECT discarded is not published when a later connection without a will is lost.
    harness.connect("one").persistent().will(Will::new(&topic, "gone")).open().await.disconnect().await;
    harness.connect("one").persistent().open().await.drop_connection().await;
    harness.expect_no_will(&mut watcher).await;
}

async fn retained_messages_outlive_sessions(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    client.publish_retained(&topic, "kept", 1).await;
    client.disconnect().await;
    // Another connection with a clean session of the same client does not remove the retained message either.
    harness.client("one").await.disconnect().await;
    for version in [Version::V3, Version::V5] {
        let mut late = harness.connect("late").version(version).open().await;
        late.subscribe(&topic, 1).await;
        let message = late.receive().await;
        assert_eq!((message.payload.as_slice(), message.retain), (&b"kept"[..], true));
        late.disconnect().await;
    }
}
