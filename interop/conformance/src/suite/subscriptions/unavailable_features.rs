//! Tests a broker that supports no wildcards, shared subscriptions or subscription identifiers.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Subscribe, property};

cases! {
    unavailable_features_are_announced_and_refused [NO_OPTIONAL_FEATURES]: "TRAP5-38";
    unavailable_wildcards_are_refused_in_suback [NO_OPTIONAL_FEATURES]: "MQTT3-3.8.3-2";
    available_wildcards_are_granted: "MQTT3-3.8.3-2";
}

async fn unavailable_features_are_announced_and_refused(harness: Harness) {
    let (client, connack) = harness.connect("one").open_with_connack().await;
    let absent =
        [property::WILDCARD_AVAILABLE, property::SHARED_AVAILABLE, property::SUBSCRIPTION_ID_AVAILABLE];
    for id in absent {
        assert_eq!(connack.properties.get_number(id), Some(0), "announced");
    }
    client.disconnect().await;
    let topic = harness.topic("a");
    let faults = [
        (Subscribe::new(1).filter(harness.topic("+"), 1), 0xA2),
        (Subscribe::new(1).filter(harness.topic("#"), 1), 0xA2),
        (Subscribe::new(1).filter(format!("$share/g/{topic}"), 1), 0x9E),
        (Subscribe::new(1).filter(&topic, 1).identifier(1), 0xA1),
    ];
    for (subscribe, code) in faults {
        let mut client = harness.client("one").await;
        client.send(&subscribe.encode(harness.version)).await;
        let disconnect = client.next().await;
        assert_eq!((disconnect.packet_type, disconnect.code), (PacketType::Disconnect, code));
        client.expect_close(&[]).await;
    }
    let mut client = harness.subscriber("one", &topic, 1).await;
    client.publish(&topic, "x", 1).await;
    assert_eq!(client.receive_payloads().await, ["x"], "a plain subscription works");
}

async fn unavailable_wildcards_are_refused_in_suback(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    let filters = [harness.topic("+"), topic.clone(), harness.topic("#")];
    let subscribe = filters.iter().fold(Subscribe::new(1), |all, filter| all.filter(filter, 1));
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [0x80, 1, 0x80]);
    client.publish_all(&[topic.clone(), harness.topic("b")]).await;
    assert_eq!(client.receive_payloads().await, [topic]);
}

async fn available_wildcards_are_granted(harness: Harness) {
    let topics = [harness.topic("a"), harness.topic("a/b")];
    let mut client = harness.client("one").await;
    // In 3.1.1, a broker that does not support wildcards refuses these filters with the code 0x80 in SUBACK.
    for (filter, expected) in [("+", &topics[..1]), ("#", &topics), ("a/#", &topics)] {
        let granted = client.try_subscribe(harness.topic(filter), 0).await;
        client.publish_all(&topics).await;
        let expected = if granted == [0x80] { &[] } else { expected };
        assert_eq!(client.receive_payloads().await, expected, "{filter}");
        client.unsubscribe(harness.topic(filter)).await;
    }
}
