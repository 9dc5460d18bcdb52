//! RETAIN in what the broker sends: 1 for what a subscription brings, 0 or as published for the rest.

use crate::case::cases;
use crate::lab::Lab;

cases! {
    a_subscription_brings_messages_with_retain: "MQTT5-3.3.1-9", "MQTT3-3.3.1-8", "TRAP5-18", "TRAP3-18";
    a_live_message_has_no_retain: "MQTT5-3.3.1-12", "MQTT3-3.3.1-9", "TRAP3-17";
    retain_as_published_keeps_the_publishers: "MQTT5-3.3.1-13", "TRAP5-20";
    it_is_kept_while_the_client_is_away: "MQTT5-3.3.1-13", "MQTT5-3.3.1-12", "TRAP5-19";
}

/// The options byte for QoS 1 with Retain As Published.
const AS_PUBLISHED: u8 = 0x09;

async fn a_subscription_brings_messages_with_retain(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    for qos in 0..3 {
        publisher.publish_retained(lab.topic(&qos.to_string()), "x", qos).await;
    }
    let options: &[u8] = if lab.is_v5() { &[0, 1, 2, 0x08, 0x0A, 0x10] } else { &[0, 1, 2] };
    for option in options {
        let mut late = lab.client("late").await;
        let messages = late.subscribe_for(lab.topic("#"), *option).await;
        assert_eq!(messages.len(), 3, "options {option:#04x}");
        assert!(messages.iter().all(|message| message.retain), "options {option:#04x}: {messages:?}");
    }
}

async fn a_live_message_has_no_retain(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for qos in 0..3 {
        publisher.publish_retained(&topic, "retained", qos).await;
        assert!(!subscriber.hears("retained").await.retain, "published with RETAIN at QoS {qos}");
        publisher.publish(&topic, "live", qos).await;
        assert!(!subscriber.hears("live").await.retain);
    }
}

async fn retain_as_published_keeps_the_publishers(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.client("subscriber").await;
    assert_eq!(subscriber.try_subscribe(&topic, AS_PUBLISHED).await, [1]);
    let mut publisher = lab.client("publisher").await;
    for qos in 0..3 {
        publisher.publish_retained(&topic, "retained", qos).await;
        assert!(subscriber.hears("retained").await.retain, "published with RETAIN at QoS {qos}");
        publisher.publish(&topic, "live", qos).await;
        assert!(!subscriber.hears("live").await.retain);
        publisher.publish_retained(&topic, "", qos).await;
        assert!(subscriber.hears("").await.retain, "what clears the topic has RETAIN too");
    }
}

async fn it_is_kept_while_the_client_is_away(lab: Lab) {
    let topic = lab.topic("a");
    for (name, options, due) in [("kept", AS_PUBLISHED, true), ("dropped", 1, false)] {
        let mut subscriber = lab.connect(name).kept().open().await;
        assert_eq!(subscriber.try_subscribe(&topic, options | 0x20).await, [1]);
        subscriber.cut().await;
        let mut publisher = lab.client("publisher").await;
        publisher.publish_retained(&topic, "retained", 1).await;
        publisher.publish(&topic, "live", 1).await;
        let mut subscriber = lab.connect(name).kept().open().await;
        assert_eq!(subscriber.hears("retained").await.retain, due, "{name}");
        assert!(!subscriber.hears("live").await.retain, "{name}");
    }
}
