//! Tests QoS 2 with the broker as receiver: it sends PUBREC, delivers the message once, and sends PUBCOMP.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish};

cases! {
    pubrec_and_pubcomp_repeat_the_identifier: "MQTT5-4.3.3-8", "MQTT5-4.3.3-11", "MQTT3-4.3.3-2";
    a_repeated_publish_gets_pubrec_and_is_delivered_once: "MQTT5-4.3.3-10", "MQTT3-4.3.3-2", "TRAP5-75", "TRAP3-75", "TRAP5-77";
    a_publish_repeated_on_a_later_connection_is_delivered_once: "MQTT5-4.3.3-10", "MQTT3-4.3.3-2", "TRAP5-76", "TRAP3-76", "TRAP5-77";
    a_pubrel_of_an_unknown_identifier_gets_pubcomp: "MQTT5-4.3.3-11";
    after_pubcomp_the_identifier_means_a_new_message: "MQTT5-4.3.3-12", "MQTT3-4.3.3-2";
    after_a_failing_pubrec_the_identifier_is_free [TIDEGATE_ONLY]: "MQTT5-4.3.3-9";
    a_quota_refusal_frees_the_identifier [REJECT_WHEN_FULL]: "MQTT5-4.3.3-9";
    a_publisher_can_send_pubrel_after_a_reconnect: "MQTT5-4.3.3-11", "MQTT3-4.3.3-2";
}

async fn pubrec_and_pubcomp_repeat_the_identifier(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for id in [1, 300, 65_535] {
        send(&mut publisher, &Publish::new(&topic, "x").qos(2, id)).await;
    }
    for id in [300, 65_535, 1] {
        release(&mut publisher, id).await;
        subscriber.expect_message("x").await;
    }
    subscriber.expect_no_message().await;
}

async fn a_repeated_publish_gets_pubrec_and_is_delivered_once(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    let publish = Publish::new(&topic, "x").qos(2, 7);
    send(&mut publisher, &publish).await;
    for _ in 0..4 {
        send(&mut publisher, &publish.clone().dup()).await;
    }
    release(&mut publisher, 7).await;
    subscriber.expect_message("x").await;
    subscriber.expect_no_message().await;
}

async fn a_publish_repeated_on_a_later_connection_is_delivered_once(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let publish = Publish::new(&topic, "x").qos(2, 7);
    let mut publisher = harness.connect("publisher").persistent().open().await;
    send(&mut publisher, &publish).await;
    for _ in 0..3 {
        publisher.drop_connection().await;
        publisher = harness.connect("publisher").persistent().open().await;
        send(&mut publisher, &publish.clone().dup()).await;
    }
    release(&mut publisher, 7).await;
    subscriber.expect_message("x").await;
    send(&mut publisher, &publish).await;
    release(&mut publisher, 7).await;
    subscriber.expect_message("x").await;
    subscriber.expect_no_message().await;
}

async fn a_pubrel_of_an_unknown_identifier_gets_pubcomp(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    send(&mut publisher, &Publish::new(harness.topic("a"), "x").qos(2, 7)).await;
    release(&mut publisher, 7).await;
    for id in [7, 7, 8, 65_535] {
        publisher.send_ack(0x62, id, 0).await;
        let code = publisher.expect_ack(PacketType::PubComp, id).await;
        assert!([0, 0x92].contains(&code), "{code:#04x}");
    }
}

async fn after_pubcomp_the_identifier_means_a_new_message(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    send(&mut publisher, &Publish::new(&topic, "one").qos(2, 1)).await;
    release(&mut publisher, 1).await;
    send(&mut publisher, &Publish::new(&topic, "two").qos(2, 1)).await;
    release(&mut publisher, 1).await;
    send(&mut publisher, &Publish::new(&topic, "three").qos(2, 1).dup()).await;
    release(&mut publisher, 1).await;
    for payload in ["one", "two", "three"] {
        subscriber.expect_message(payload).await;
    }
    subscriber.expect_no_message().await;
}

/// Tidegate refuses publishes to topics that begin with `$`, with the reason code 0x87 in PUBREC.
async fn after_a_failing_pubrec_the_identifier_is_free(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for payload in ["one", "two"] {
        publisher.send_publish(&Publish::new(format!("$x/{topic}"), "x").qos(2, 1)).await;
        assert_eq!(publisher.expect_ack(PacketType::PubRec, 1).await, 0x87);
        send(&mut publisher, &Publish::new(&topic, payload).qos(2, 1)).await;
        release(&mut publisher, 1).await;
        subscriber.expect_message(payload).await;
    }
    subscriber.expect_no_message().await;
}

async fn a_quota_refusal_frees_the_identifier(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.connect("subscriber").persistent().open().await;
    subscriber.subscribe(&topic, 2).await;
    subscriber.disconnect().await;
    let mut publisher = harness.client("publisher").await;
    publisher.publish(&topic, "first", 1).await;
    publisher.send_publish(&Publish::new(&topic, "refused").qos(2, 9)).await;
    assert_eq!(publisher.expect_ack(PacketType::PubRec, 9).await, 0x97);
    let mut subscriber = harness.connect("subscriber").persistent().open().await;
    subscriber.expect_message("first").await;
    send(&mut publisher, &Publish::new(&topic, "second").qos(2, 9)).await;
    release(&mut publisher, 9).await;
    subscriber.expect_message("second").await;
    subscriber.expect_no_message().await;
}

async fn a_publisher_can_send_pubrel_after_a_reconnect(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    for id in [3, 2, 1] {
        send(&mut publisher, &Publish::new(&topic, "x").qos(2, id)).await;
    }
    publisher.drop_connection().await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    for id in [3, 2, 1] {
        release(&mut publisher, id).await;
        subscriber.expect_message("x").await;
    }
    subscriber.expect_no_message().await;
}

/// Sends PUBLISH and waits for a PUBREC that accepts it.
async fn send(publisher: &mut Client, publish: &Publish) {
    publisher.send_publish(publish).await;
    let code = publisher.expect_ack(PacketType::PubRec, publish.id).await;
    assert!([0, 0x10].contains(&code), "the PUBREC: {code:#04x}");
}

/// Sends PUBREL and waits for PUBCOMP.
async fn release(publisher: &mut Client, id: u16) {
    publisher.send_ack(0x62, id, 0).await;
    assert_eq!(publisher.expect_ack(PacketType::PubComp, id).await, 0, "the PUBCOMP");
}
