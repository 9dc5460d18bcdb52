//! Tests the RETAIN flag of messages from the broker. The flag is 1 for retained messages sent on SUBSCRIBE. For live
//! messages it is 0, or as published if the subscription has Retain As Published.

use crate::case::cases;
use crate::harness::Harness;

cases! {
    retained_messages_sent_on_subscribe_have_retain: "MQTT5-3.3.1-9", "MQTT3-3.3.1-8", "TRAP5-18", "TRAP3-18";
    a_live_message_has_no_retain: "MQTT5-3.3.1-12", "MQTT3-3.3.1-9", "TRAP3-17";
    retain_as_published_keeps_the_publishers_flag: "MQTT5-3.3.1-13", "TRAP5-20";
    retain_as_published_applies_to_queued_messages: "MQTT5-3.3.1-13", "MQTT5-3.3.1-12", "TRAP5-19";
}

/// The options byte for QoS 1 with Retain As Published.
const RETAIN_AS_PUBLISHED: u8 = 0x09;

async fn retained_messages_sent_on_subscribe_have_retain(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for qos in 0..3 {
        publisher.publish_retained(harness.topic(&qos.to_string()), "x", qos).await;
    }
    let options: &[u8] = if harness.is_v5() { &[0, 1, 2, 0x08, 0x0A, 0x10] } else { &[0, 1, 2] };
    for option in options {
        let mut late = harness.client("late").await;
        let messages = late.subscribe_and_drain(harness.topic("#"), *option).await;
        assert_eq!(messages.len(), 3, "options {option:#04x}");
        assert!(messages.iter().all(|message| message.retain), "options {option:#04x}: {messages:?}");
    }
}

async fn a_live_message_has_no_retain(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for qos in 0..3 {
        publisher.publish_retained(&topic, "retained", qos).await;
        assert!(!subscriber.expect_message("retained").await.retain, "published with RETAIN at QoS {qos}");
        publisher.publish(&topic, "live", qos).await;
        assert!(!subscriber.expect_message("live").await.retain);
    }
}

async fn retain_as_published_keeps_the_publishers_flag(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.client("subscriber").await;
    assert_eq!(subscriber.try_subscribe(&topic, RETAIN_AS_PUBLISHED).await, [1]);
    let mut publisher = harness.client("publisher").await;
    for qos in 0..3 {
        publisher.publish_retained(&topic, "retained", qos).await;
        assert!(subscriber.expect_message("retained").await.retain, "published with RETAIN at QoS {qos}");
        publisher.publish(&topic, "live", qos).await;
        assert!(!subscriber.expect_message("live").await.retain);
        publisher.publish_retained(&topic, "", qos).await;
        assert!(
            subscriber.expect_message("").await.retain,
            "the message that clears the topic has RETAIN too"
        );
    }
}

async fn retain_as_published_applies_to_queued_messages(harness: Harness) {
    let topic = harness.topic("a");
    for (name, options, expected) in [("kept", RETAIN_AS_PUBLISHED, true), ("dropped", 1, false)] {
        let mut subscriber = harness.connect(name).persistent().open().await;
        assert_eq!(subscriber.try_subscribe(&topic, options | 0x20).await, [1]);
        subscriber.drop_connection().await;
        let mut publisher = harness.client("publisher").await;
        publisher.publish_retained(&topic, "retained", 1).await;
        publisher.publish(&topic, "live", 1).await;
        let mut subscriber = harness.connect(name).persistent().open().await;
        assert_eq!(subscriber.expect_message("retained").await.retain, expected, "{name}");
        assert!(!subscriber.expect_message("live").await.retain, "{name}");
    }
}
