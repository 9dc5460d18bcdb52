//! A server that does not serve every QoS, or no retained messages: what it announces, grants and refuses.

use super::watcher;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Publish, Will, property};

cases! {
    a_maximum_qos_of_1_is_announced [QOS_1]: "MQTT5-3.2.2-9", "TRAP5-102";
    a_maximum_qos_of_0_is_announced [QOS_0]: "MQTT5-3.2.2-9", "TRAP5-102";
    subscriptions_above_qos_1_get_what_there_is [QOS_1]: "MQTT5-3.2.2-10";
    subscriptions_above_qos_0_get_what_there_is [QOS_0]: "MQTT5-3.2.2-10";
    publishing_above_qos_1_ends_the_connection [QOS_1]: "MQTT5-3.2.2-11";
    publishing_above_qos_0_ends_the_connection [QOS_0]: "MQTT5-3.2.2-11";
    a_will_above_qos_1_is_refused [QOS_1]: "MQTT5-3.2.2-12", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8";
    a_will_above_qos_0_is_refused [QOS_0]: "MQTT5-3.2.2-12", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8";
    a_retained_will_is_refused_where_none_are_served [NO_RETAIN]: "MQTT5-3.2.2-13", "MQTT5-3.2.2-7", "MQTT5-3.2.2-8";
    a_retained_publish_ends_the_connection_where_none_are_served [NO_RETAIN]: "MQTT5-3.2.2-14";
}

async fn a_maximum_qos_of_1_is_announced(lab: Lab) {
    announces(&lab, 1).await;
}

async fn a_maximum_qos_of_0_is_announced(lab: Lab) {
    announces(&lab, 0).await;
}

async fn announces(lab: &Lab, qos: u32) {
    let (_client, connack) = lab.connect("one").accepted().await;
    assert_eq!(connack.properties.get_number(property::MAXIMUM_QOS), Some(qos));
}

async fn subscriptions_above_qos_1_get_what_there_is(lab: Lab) {
    grants(&lab, 1).await;
}

async fn subscriptions_above_qos_0_get_what_there_is(lab: Lab) {
    grants(&lab, 0).await;
}

async fn grants(lab: &Lab, maximum: u8) {
    let mut client = lab.client("one").await;
    for asked in 0..3 {
        let topic = lab.topic(&format!("{asked}"));
        assert_eq!(client.try_subscribe(&topic, asked).await, [asked.min(maximum)]);
        client.publish(&topic, "echo", maximum).await;
        assert_eq!(client.receive().await.qos, asked.min(maximum));
    }
    client.ping().await;
}

async fn publishing_above_qos_1_ends_the_connection(lab: Lab) {
    ends_publishers(&lab, 1).await;
}

async fn publishing_above_qos_0_ends_the_connection(lab: Lab) {
    ends_publishers(&lab, 0).await;
}

async fn ends_publishers(lab: &Lab, maximum: u8) {
    let mut watcher = watcher_of(lab).await;
    for qos in maximum + 1..3 {
        let publish = Publish::new(lab.topic("a"), "x").qos(qos, 1);
        super::cut_off_for(lab, &publish.encode(lab.version), &[0x9B]).await;
    }
    watcher.hears_nothing().await;
}

async fn a_will_above_qos_1_is_refused(lab: Lab) {
    refuses_wills(&lab, 1).await;
}

async fn a_will_above_qos_0_is_refused(lab: Lab) {
    refuses_wills(&lab, 0).await;
}

async fn refuses_wills(lab: &Lab, maximum: u8) {
    let mut watcher = watcher_of(lab).await;
    for qos in maximum + 1..3 {
        let opening = lab.connect("one").will(Will::new(lab.topic("will"), "stray").qos(qos));
        opening.refused(&[0x9B]).await;
    }
    lab.hears_no_will(&mut watcher).await;
    let will = Will::new(lab.topic("will"), "gone").qos(maximum);
    lab.connect("one").will(will).open().await.cut().await;
    assert_eq!(watcher.receive().await.qos, maximum);
}

/// Subscribed at QoS 2, which is not granted here.
async fn watcher_of(lab: &Lab) -> crate::client::Client {
    let mut watcher = lab.client("watcher").await;
    watcher.try_subscribe(lab.topic("#"), 2).await;
    watcher
}

async fn a_retained_will_is_refused_where_none_are_served(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    for qos in 0..3 {
        let will = Will::new(lab.topic("will"), "stray").qos(qos).retain();
        lab.connect("one").will(will).refused(&[0x9A]).await;
    }
    lab.hears_no_will(&mut watcher).await;
}

async fn a_retained_publish_ends_the_connection_where_none_are_served(lab: Lab) {
    let mut watcher = watcher(&lab).await;
    let (_client, connack) = lab.connect("one").accepted().await;
    assert_eq!(connack.properties.get_number(property::RETAIN_AVAILABLE), Some(0));
    for qos in 0..3 {
        let publish = Publish::new(lab.topic("a"), "stray").retain().qos(qos, 1);
        super::cut_off_for(&lab, &publish.encode(lab.version), &[0x9A]).await;
    }
    watcher.hears_nothing().await;
}
