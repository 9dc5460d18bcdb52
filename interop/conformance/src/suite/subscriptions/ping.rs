//! Tests that the broker answers PINGREQ in every situation.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, property};

cases! {
    pingreq_is_answered: "MQTT5-3.12.4-1", "MQTT3-3.12.4-1";
    pingreq_is_answered_under_load: "MQTT5-3.12.4-1", "MQTT3-3.12.4-1";
    pingreq_is_answered_when_the_clients_receive_maximum_is_used_up: "MQTT5-3.12.4-1", "MQTT3-3.12.4-1";
    pingreq_is_answered_when_the_brokers_receive_maximum_is_used_up [LOW_LIMITS]: "MQTT5-3.12.4-1";
}

async fn pingreq_is_answered(harness: Harness) {
    let mut client = harness.client("one").await;
    client.send(&[0xC0, 0]).await;
    assert_eq!(client.next().await.bytes, [0xD0, 0]);
    // The broker answers each PINGREQ with one PINGRESP.
    client.send(&[0xC0, 0, 0xC0, 0, 0xC0, 0]).await;
    for _ in 0..3 {
        assert_eq!(client.next().await.bytes, [0xD0, 0]);
    }
    client.subscribe(harness.topic("a"), 0).await;
    assert!(!client.has_received(PacketType::PingResp), "one answer per PINGREQ");
}

async fn pingreq_is_answered_under_load(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 0).await;
    let publish = Publish::new(&topic, [b'x'; 100]).encode(harness.version);
    let round = [publish.repeat(10), vec![0xC0, 0]].concat();
    for _ in 0..20 {
        client.send(&round.repeat(5)).await;
    }
    for _ in 0..100 {
        client.next_of(PacketType::PingResp).await;
    }
    client.ping().await;
    assert!(!client.has_received(PacketType::PingResp), "one answer per PINGREQ");
}

async fn pingreq_is_answered_when_the_clients_receive_maximum_is_used_up(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").number(property::RECEIVE_MAXIMUM, 1).open().await;
    client.subscribe(&topic, 1).await;
    let mut other = harness.client("other").await;
    for _ in 0..10 {
        other.publish(&topic, "x", 1).await;
    }
    client.next_message().await;
    for _ in 0..3 {
        client.ping().await;
    }
    assert!(!harness.is_v5() || !client.has_received(PacketType::Publish), "the quota is used up");
}

async fn pingreq_is_answered_when_the_brokers_receive_maximum_is_used_up(harness: Harness) {
    let mut client = harness.client("one").await;
    for id in 1..=5 {
        client.send(&Publish::new(harness.topic("a"), "x").qos(2, id).encode(harness.version)).await;
        client.expect_ack(PacketType::PubRec, id).await;
    }
    client.ping().await;
}
