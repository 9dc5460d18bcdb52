//! Tests a server that supports only lower QoS levels or no retained messages: what it announces, grants and refuses.

use super::watcher;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Publish, Will, property};

cases! {
    a_maximum_qos_of_1_is_announced [MAXIMUM_QOS_1]: "MQTT5-3.2.2-9", "TRAP5-102";
    a_maximum_qos_of_0_is_announced [MAXIMUM_QOS_0]: "MQTT5-3.2.2-9", "TRAP5-102";
    subscriptions_above_qos_1_are_granted_qos_1 [MAXIMUM_QOS_1]: "MQTT5-3.2.2-10";
    subscriptions_above_qos_0_are_granted_qos_0 [MAXIMUM_QOS_0]: "MQTT5-3.2.2-10";
    publishing_above_qos_1_ends_the_connection [MAXIMUM_QOS_1]: "MQTT5-3.2.2-11";
    publishing_above_qos_0_ends_the_connection [MAXIMUM_QOS_0]: "MQTT5-3.2.2-11";
    a_will_above_qos_1_is_refused [MAXIMUM_QOS_1]: "MQTT5-3.2.2-12", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8";
    a_will_above_qos_0_is_refused [MAXIMUM_QOS_0]: "MQTT5-3.2.2-12", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8";
    a_retained_will_is_refused_when_retain_is_unavailable [NO_RETAIN]: "MQTT5-3.2.2-13", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8";
    a_retained_publish_ends_the_connection_when_retain_is_unavailable [NO_RETAIN]: "MQTT5-3.2.2-14";
}

async fn a_maximum_qos_of_1_is_announced(harness: Harness) {
    assert_maximum_qos_announced(&harness, 1).await;
}

async fn a_maximum_qos_of_0_is_announced(harness: Harness) {
    assert_maximum_qos_announced(&harness, 0).await;
}

async fn assert_maximum_qos_announced(harness: &Harness, qos: u32) {
    let (_client, connack) = harness.connect("one").open_with_connack().await;
    assert_eq!(connack.properties.get_number(property::MAXIMUM_QOS), Some(qos));
}

async fn subscriptions_above_qos_1_are_granted_qos_1(harness: Harness) {
    assert_granted(&harness, 1).await;
}

async fn subscriptions_above_qos_0_are_granted_qos_0(harness: Harness) {
    assert_granted(&harness, 0).await;
}

async fn assert_granted(harness: &Harness, maximum: u8) {
    let mut client = harness.client("one").await;
    for asked in 0..3 {
        let topic = harness.topic(&format!("{asked}"));
        assert_eq!(client.try_subscribe(&topic, asked).await, [asked.min(maximum)]);
        client.publish(&topic, "echo", maximum).await;
        assert_eq!(client.receive().await.qos, asked.min(maximum));
    }
    client.ping().await;
}

async fn publishing_above_qos_1_ends_the_connection(harness: Harness) {
    assert_publish_refused(&harness, 1).await;
}

async fn publishing_above_qos_0_ends_the_connection(harness: Harness) {
    assert_publish_refused(&harness, 0).await;
}

async fn assert_publish_refused(harness: &Harness, maximum: u8) {
    let mut watcher = watcher_of(harness).await;
    for qos in maximum + 1..3 {
        let publish = Publish::new(harness.topic("a"), "x").qos(qos, 1);
        super::expect_close_after(harness, &publish.encode(harness.version), &[0x9B]).await;
    }
    watcher.expect_no_message().await;
}

async fn a_will_above_qos_1_is_refused(harness: Harness) {
    assert_wills_refused(&harness, 1).await;
}

async fn a_will_above_qos_0_is_refused(harness: Harness) {
    assert_wills_refused(&harness, 0).await;
}

async fn assert_wills_refused(harness: &Harness, maximum: u8) {
    let mut watcher = watcher_of(harness).await;
    for qos in maximum + 1..3 {
        let builder = harness.connect("one").will(Will::new(harness.topic("will"), "stray").qos(qos));
        builder.expect_refused(&[0x9B]).await;
    }
    harness.expect_no_will(&mut watcher).await;
    let will = Will::new(harness.topic("will"), "gone").qos(maximum);
    harness.connect("one").will(will).open().await.drop_connection().await;
    assert_eq!(watcher.receive().await.qos, maximum);
}

/// Connects a client that asks for QoS 2 on every topic of the test, and is granted the maximum that the broker
/// supports.
async fn watcher_of(harness: &Harness) -> crate::client::Client {
    let mut watcher = harness.client("watcher").await;
    watcher.try_subscribe(harness.topic("#"), 2).await;
    watcher
}

async fn a_retained_will_is_refused_when_retain_is_unavailable(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    for qos in 0..3 {
        let will = Will::new(harness.topic("will"), "stray").qos(qos).retain();
        harness.connect("one").will(will).expect_refused(&[0x9A]).await;
    }
    harness.expect_no_will(&mut watcher).await;
}

async fn a_retained_publish_ends_the_connection_when_retain_is_unavailable(harness: Harness) {
    let mut watcher = watcher(&harness).await;
    let (_client, connack) = harness.connect("one").open_with_connack().await;
    assert_eq!(connack.properties.get_number(property::RETAIN_AVAILABLE), Some(0));
    for qos in 0..3 {
        let publish = Publish::new(harness.topic("a"), "stray").retain().qos(qos, 1);
        super::expect_close_after(&harness, &publish.encode(harness.version), &[0x9A]).await;
    }
    watcher.expect_no_message().await;
}
