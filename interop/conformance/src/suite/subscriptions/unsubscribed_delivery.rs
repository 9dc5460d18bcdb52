//! Tests that the broker sends no new messages after UNSUBSCRIBE, but finishes the deliveries that it has started.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, ack};

cases! {
    no_new_messages_come_after_unsubscribe: "MQTT5-3.10.4-2", "MQTT3-3.10.4-2";
    no_new_messages_are_queued_after_unsubscribe: "MQTT5-3.10.4-2", "MQTT3-3.10.4-2";
    started_deliveries_are_finished_after_unsubscribe: "MQTT5-3.10.4-3", "MQTT3-3.10.4-3";
    started_deliveries_are_resumed_after_unsubscribe: "MQTT5-3.10.4-3", "MQTT3-3.10.4-3";
}

async fn no_new_messages_come_after_unsubscribe(harness: Harness) {
    let topic = harness.topic("a/b");
    let mut client = harness.client("one").await;
    let mut other = harness.client("other").await;
    for qos in 0..=2 {
        client.subscribe(&topic, qos).await;
        client.subscribe(harness.topic("a/+"), qos).await;
        client.unsubscribe(&topic).await;
        other.publish(&topic, "overlapping", 2).await;
        assert_eq!(
            client.receive_payloads().await,
            ["overlapping"],
            "the other subscription still delivers one copy"
        );
        client.unsubscribe(harness.topic("a/+")).await;
        for published in 0..=2 {
            other.publish(&topic, "late", published).await;
        }
        client.expect_no_message().await;
    }
}

async fn no_new_messages_are_queued_after_unsubscribe(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 2).await;
    client.unsubscribe(&topic).await;
    client.drop_connection().await;
    let mut other = harness.client("other").await;
    for qos in 0..=2 {
        other.publish(&topic, "late", qos).await;
    }
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    client.expect_no_message().await;
}

async fn started_deliveries_are_finished_after_unsubscribe(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 2).await;
    harness.client("other").await.publish(&topic, "started", 2).await;
    let message = client.next_message().await;
    client.unsubscribe(&topic).await;
    client.send(&ack(0x50, message.id, 0)).await;
    assert_eq!(client.expect_ack(PacketType::PubRel, message.id).await, 0);
    client.send(&ack(0x70, message.id, 0)).await;
    client.expect_no_message().await;
    // The broker also finishes the delivery if the client sends UNSUBSCRIBE after PUBREC.
    client.subscribe(&topic, 2).await;
    harness.client("other").await.publish(&topic, "started", 2).await;
    let message = client.next_message().await;
    client.send(&ack(0x50, message.id, 0)).await;
    client.unsubscribe(&topic).await;
    assert_eq!(client.expect_ack(PacketType::PubRel, message.id).await, 0);
}

async fn started_deliveries_are_resumed_after_unsubscribe(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 2).await;
    let mut other = harness.client("other").await;
    for qos in [1, 2, 2] {
        other.publish(&topic, qos.to_string(), qos).await;
    }
    let open = [client.next_message().await, client.next_message().await, client.next_message().await];
    client.send(&ack(0x50, open[2].id, 0)).await;
    client.expect_ack(PacketType::PubRel, open[2].id).await;
    client.unsubscribe(&topic).await;
    client.drop_connection().await;
    other.publish(&topic, "late", 2).await;
    let mut client = harness.connect("one").persistent().open().await;
    let mut resent = Vec::new();
    for before in &open[..2] {
        let again = client.next_message().await;
        let same = (again.id, again.qos, &again.payload) == (before.id, before.qos, &before.payload);
        assert!(same && again.dup, "resent: {again:?}");
        resent.push(again);
    }
    client.expect_ack(PacketType::PubRel, open[2].id).await;
    client.send(&ack(0x70, open[2].id, 0)).await;
    for message in &resent {
        client.acknowledge(message).await;
    }
    client.expect_no_message().await;
}
