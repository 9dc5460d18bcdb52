//! The will: what is published of it, and how retained.

use super::watcher;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Properties, Version, Will, property};

cases! {
    a_will_is_published_as_it_was_given: "MQTT5-3.1.2-7", "MQTT5-3.1.2-8", "MQTT3-3.1.2-8", "MQTT3-3.1.2-9";
    a_will_carries_its_properties: "MQTT5-3.1.2-7";
    user_properties_of_a_will_keep_their_order: "MQTT5-3.1.3-10";
    a_will_goes_out_at_its_qos: "MQTT5-3.1.2-12", "MQTT3-3.1.2-14", "MQTT3-3.1.2-9";
    a_will_without_retain_leaves_retained_messages_alone: "MQTT5-3.1.2-14", "MQTT3-3.1.2-16";
    a_will_with_retain_is_retained: "MQTT5-3.1.2-15", "MQTT3-3.1.2-17", "MQTT3-3.1.2-9";
    an_empty_will_with_retain_clears: "MQTT5-3.1.2-15", "MQTT3-3.1.2-17";
    a_client_without_a_will_leaves_none: "MQTT3-3.1.2-12", "MQTT5-3.1.2-10", "MQTT3-3.1.2-10";
    retained_messages_outlive_sessions: "MQTT3-3.1.2-7";
}

async fn a_will_is_published_as_it_was_given(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    // A payload is any bytes, none included.
    for payload in [&b"gone"[..], b"\xFF\0\xED\xA0\x80", b""] {
        let mut client = lab.connect("one").will(Will::new(&topic, payload)).open().await;
        client.ping().await;
        watcher.hears_nothing().await;
        client.cut().await;
        let message = watcher.receive().await;
        assert_eq!((message.topic.as_str(), message.payload.as_slice()), (topic.as_str(), payload));
        assert_eq!((message.qos, message.retain, message.dup), (0, false, false));
    }
    watcher.hears_nothing().await;
}

async fn a_will_carries_its_properties(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    let given = Properties::default()
        .number(property::PAYLOAD_FORMAT, 1)
        .number(property::MESSAGE_EXPIRY, 1000)
        .text(property::CONTENT_TYPE, "type")
        .text(property::RESPONSE_TOPIC, "answers/here")
        .binary(property::CORRELATION_DATA, b"\xFF\0");
    lab.connect("one").will(Will::new(&topic, "gone").properties(given.clone())).open().await.cut().await;
    let message = watcher.receive().await;
    for (id, value) in &given.0 {
        if *id == property::MESSAGE_EXPIRY {
            let left = message.properties.get_number(*id).expect("what is left of its time");
            assert!((1..=1000).contains(&left), "{left} s left");
        } else {
            assert_eq!(message.properties.get(*id), Some(value), "property {id:#04x}");
        }
    }
    // The delay is the broker's business.
    assert!(!message.properties.has(property::WILL_DELAY));
}

async fn user_properties_of_a_will_keep_their_order(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    let pairs = [("a", "1"), ("b", "2"), ("a", "3"), ("", ""), ("a", "1")];
    let properties = pairs.iter().fold(Properties::default(), |all, (name, value)| all.user(name, value));
    lab.connect("one").will(Will::new(&topic, "").properties(properties)).open().await.cut().await;
    assert_eq!(watcher.receive().await.properties.users(), pairs);
}

async fn a_will_goes_out_at_its_qos(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    for qos in 0..3 {
        lab.connect("one").will(Will::new(&topic, [qos]).qos(qos)).open().await.cut().await;
        let message = watcher.receive().await;
        assert_eq!((message.qos, message.payload.as_slice()), (qos, &[qos][..]));
    }
}

async fn a_will_without_retain_leaves_retained_messages_alone(lab: Lab) {
    let (topic, other) = (lab.topic("will"), lab.topic("other"));
    let mut watcher = watcher(&lab).await;
    watcher.publish_retained(&other, "before", 1).await;
    assert_eq!(watcher.receive().await.payload, b"before");
    for topic in [&topic, &other] {
        lab.connect("one").will(Will::new(topic, "gone").qos(1)).open().await.cut().await;
        assert_eq!(watcher.receive().await.payload, b"gone");
    }
    let mut late = lab.subscriber("late", &topic, 1).await;
    late.hears_nothing().await;
    late.subscribe(&other, 1).await;
    assert_eq!(late.receive().await.payload, b"before");
}

async fn a_will_with_retain_is_retained(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    let will = Will::new(&topic, "gone").qos(1).retain();
    lab.connect("one").will(will).open().await.cut().await;
    let message = watcher.receive().await;
    assert_eq!((message.payload.as_slice(), message.qos), (&b"gone"[..], 1));
    let mut late = lab.subscriber("late", &topic, 2).await;
    let message = late.receive().await;
    assert_eq!((message.payload.as_slice(), message.qos, message.retain), (&b"gone"[..], 1, true));
}

async fn an_empty_will_with_retain_clears(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    watcher.publish_retained(&topic, "before", 1).await;
    watcher.receive().await;
    lab.connect("one").will(Will::new(&topic, "").retain()).open().await.cut().await;
    assert!(watcher.receive().await.payload.is_empty());
    lab.subscriber("late", &topic, 1).await.hears_nothing().await;
}

async fn a_client_without_a_will_leaves_none(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = watcher(&lab).await;
    lab.client("none").await.cut().await;
    lab.hears_no_will(&mut watcher).await;
    // Once is enough: the session goes on, its will does not.
    lab.connect("one").kept().will(Will::new(&topic, "gone")).open().await.cut().await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    lab.connect("one").kept().open().await.cut().await;
    lab.hears_no_will(&mut watcher).await;
    // Nor does a will that was discarded come back.
    lab.connect("one").kept().will(Will::new(&topic, "gone")).open().await.leave().await;
    lab.connect("one").kept().open().await.cut().await;
    lab.hears_no_will(&mut watcher).await;
}

async fn retained_messages_outlive_sessions(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.client("one").await;
    client.publish_retained(&topic, "kept", 1).await;
    client.leave().await;
    // The session ends by another clean one as well.
    lab.client("one").await.leave().await;
    for version in [Version::V3, Version::V5] {
        let mut late = lab.connect("late").version(version).open().await;
        late.subscribe(&topic, 1).await;
        let message = late.receive().await;
        assert_eq!((message.payload.as_slice(), message.retain), (&b"kept"[..], true));
        late.leave().await;
    }
}
