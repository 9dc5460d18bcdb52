//! After UNSUBSCRIBE: nothing new, but what was begun is finished.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, ack};

cases! {
    after_unsubscribe_nothing_new_comes: "MQTT5-3.10.4-2", "MQTT3-3.10.4-2";
    after_unsubscribe_nothing_new_is_queued: "MQTT5-3.10.4-2", "MQTT3-3.10.4-2";
    begun_deliveries_are_finished_after_unsubscribe: "MQTT5-3.10.4-3", "MQTT3-3.10.4-3";
    begun_deliveries_are_resumed_after_unsubscribe: "MQTT5-3.10.4-3", "MQTT3-3.10.4-3";
}

async fn after_unsubscribe_nothing_new_comes(lab: Lab) {
    let topic = lab.topic("a/b");
    let mut client = lab.client("one").await;
    let mut other = lab.client("other").await;
    for qos in 0..=2 {
        client.subscribe(&topic, qos).await;
        client.subscribe(lab.topic("a/+"), qos).await;
        client.unsubscribe(&topic).await;
        other.publish(&topic, "overlapping", 2).await;
        assert_eq!(client.receive_payloads().await, ["overlapping"], "the other filter still delivers, once");
        client.unsubscribe(lab.topic("a/+")).await;
        for published in 0..=2 {
            other.publish(&topic, "late", published).await;
        }
        client.hears_nothing().await;
    }
}

async fn after_unsubscribe_nothing_new_is_queued(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 2).await;
    client.unsubscribe(&topic).await;
    client.cut().await;
    let mut other = lab.client("other").await;
    for qos in 0..=2 {
        other.publish(&topic, "late", qos).await;
    }
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    client.hears_nothing().await;
}

async fn begun_deliveries_are_finished_after_unsubscribe(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.subscriber("one", &topic, 2).await;
    lab.client("other").await.publish(&topic, "begun", 2).await;
    let message = client.message().await;
    client.unsubscribe(&topic).await;
    client.send(&ack(0x50, message.id, 0)).await;
    assert_eq!(client.answer(Kind::PubRel, message.id).await, 0);
    client.send(&ack(0x70, message.id, 0)).await;
    client.hears_nothing().await;
    // And when UNSUBSCRIBE comes behind PUBREC.
    client.subscribe(&topic, 2).await;
    lab.client("other").await.publish(&topic, "begun", 2).await;
    let message = client.message().await;
    client.send(&ack(0x50, message.id, 0)).await;
    client.unsubscribe(&topic).await;
    assert_eq!(client.answer(Kind::PubRel, message.id).await, 0);
}

async fn begun_deliveries_are_resumed_after_unsubscribe(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 2).await;
    let mut other = lab.client("other").await;
    for qos in [1, 2, 2] {
        other.publish(&topic, qos.to_string(), qos).await;
    }
    let open = [client.message().await, client.message().await, client.message().await];
    client.send(&ack(0x50, open[2].id, 0)).await;
    client.answer(Kind::PubRel, open[2].id).await;
    client.unsubscribe(&topic).await;
    client.cut().await;
    other.publish(&topic, "late", 2).await;
    let mut client = lab.connect("one").kept().open().await;
    let mut resent = Vec::new();
    for before in &open[..2] {
        let again = client.message().await;
        let same = (again.id, again.qos, &again.payload) == (before.id, before.qos, &before.payload);
        assert!(same && again.dup, "sent again: {again:?}");
        resent.push(again);
    }
    client.answer(Kind::PubRel, open[2].id).await;
    client.send(&ack(0x70, open[2].id, 0)).await;
    for message in &resent {
        client.acknowledge(message).await;
    }
    client.hears_nothing().await;
}
