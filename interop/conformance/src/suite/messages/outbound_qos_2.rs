//! Tests QoS 2 with the broker as sender: it resends PUBLISH until it receives PUBREC, then PUBREL until it receives
//! PUBCOMP.

use crate::case::cases;
use crate::client::{Client, ConnectBuilder};
use crate::harness::Harness;
use crate::wire::PacketType;

cases! {
    a_first_delivery_has_an_identifier_and_no_dup: "MQTT5-4.3.3-2", "MQTT3-4.3.3-1";
    an_identifier_is_in_use_until_pubcomp: "MQTT5-4.3.3-1", "MQTT3-4.3.3-1", "TRAP5-84", "TRAP3-84";
    publish_is_in_flight_until_pubrec: "MQTT5-4.3.3-3", "MQTT3-4.3.3-1", "TRAP5-79", "TRAP3-79", "TRAP5-80", "TRAP3-80";
    pubrec_is_answered_by_pubrel: "MQTT5-4.3.3-4", "MQTT3-4.3.3-1";
    a_failing_pubrec_ends_the_exchange: "MQTT5-4.3.3-4", "MQTT5-4.4.0-2", "TRAP5-88";
    pubrel_is_in_flight_until_pubcomp: "MQTT5-4.3.3-5", "MQTT3-4.3.3-1", "TRAP5-78", "TRAP3-78";
    no_publish_comes_after_pubrel: "MQTT5-4.3.3-6", "MQTT3-4.3.3-1", "TRAP5-78", "TRAP3-78";
}

async fn a_first_delivery_has_an_identifier_and_no_dup(harness: Harness) {
    let topic = harness.topic("a");
    let mut online = harness.subscriber("online", &topic, 2).await;
    let mut away = persistent(&harness).open().await;
    away.subscribe(&topic, 2).await;
    away.disconnect().await;
    harness.client("publisher").await.publish_retained(&topic, "x", 2).await;
    let message = online.expect_message("x").await;
    assert_eq!(message.bytes[0], 0x34, "live");
    assert!(message.id > 0);
    assert_eq!(persistent(&harness).open().await.expect_message("x").await.bytes[0], 0x34, "from the queue");
    let mut late = harness.subscriber("late", &topic, 2).await;
    assert_eq!(late.expect_message("x").await.bytes[0], 0x35, "retained");
}

async fn an_identifier_is_in_use_until_pubcomp(harness: Harness) {
    let topic = harness.topic("a");
    let (mut subscriber, published) = delivered(&harness, "x").await;
    let mut publisher = harness.client("publisher").await;
    publisher.publish(&topic, "x", 2).await;
    let released = subscriber.next_message().await.id;
    subscriber.send_ack(0x50, released, 0).await;
    subscriber.expect_ack(PacketType::PubRel, released).await;
    let mut in_use = vec![published, released];
    for round in 0..40 {
        publisher.publish(&topic, "x", 2).await;
        let message = subscriber.next_message().await;
        assert!(!in_use.contains(&message.id), "{} is in use", message.id);
        match round % 4 {
            0 if in_use.len() < 12 => in_use.push(message.id),
            1 if harness.is_v5() => subscriber.send_ack(0x50, message.id, 0x80).await,
            _ => subscriber.acknowledge(&message).await,
        }
    }
}

async fn publish_is_in_flight_until_pubrec(harness: Harness) {
    let (mut subscriber, id) = delivered(&harness, "x").await;
    for _ in 0..3 {
        subscriber.drop_connection().await;
        subscriber = persistent(&harness).open().await;
        let again = subscriber.next_message().await;
        assert_eq!((again.id, again.bytes[0]), (id, 0x3C), "identifier, QoS and DUP");
        assert_eq!(again.payload, b"x");
    }
}

async fn pubrec_is_answered_by_pubrel(harness: Harness) {
    let codes: &[u8] = if harness.is_v5() { &[0, 0x10] } else { &[0] };
    for code in codes {
        let (mut subscriber, id) = delivered(&harness, "x").await;
        subscriber.send_ack(0x50, id, *code).await;
        assert_eq!(subscriber.expect_ack(PacketType::PubRel, id).await, 0);
        subscriber.send_ack(0x70, id, 0).await;
        subscriber.ping().await;
        subscriber.disconnect().await;
    }
}

async fn a_failing_pubrec_ends_the_exchange(harness: Harness) {
    for code in [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] {
        let (mut subscriber, id) = delivered(&harness, "x").await;
        subscriber.send_ack(0x50, id, code).await;
        subscriber.expect_no_message().await;
        assert!(!subscriber.has_received(PacketType::PubRel), "PUBREL after PUBREC {code:#04x}");
        subscriber.drop_connection().await;
        let mut subscriber = persistent(&harness).open().await;
        subscriber.expect_no_message().await;
        assert!(!subscriber.has_received(PacketType::PubRel), "PUBREL on the next connection");
        subscriber.disconnect().await;
    }
}

async fn pubrel_is_in_flight_until_pubcomp(harness: Harness) {
    let (mut subscriber, id) = delivered(&harness, "x").await;
    subscriber.send_ack(0x50, id, 0).await;
    subscriber.expect_ack(PacketType::PubRel, id).await;
    for _ in 0..3 {
        subscriber.drop_connection().await;
        subscriber = persistent(&harness).open().await;
        assert_eq!(subscriber.expect_ack(PacketType::PubRel, id).await, 0);
    }
    subscriber.send_ack(0x70, id, 0).await;
    subscriber.ping().await;
    subscriber.drop_connection().await;
    let mut subscriber = persistent(&harness).open().await;
    subscriber.ping().await;
    assert!(!subscriber.has_received(PacketType::PubRel), "the exchange is complete");
}

async fn no_publish_comes_after_pubrel(harness: Harness) {
    let (mut subscriber, id) = delivered(&harness, "x").await;
    subscriber.send_ack(0x50, id, 0).await;
    // The client closes the connection without waiting for PUBREL. The broker still processes the PUBREC.
    subscriber.drop_connection().await;
    for _ in 0..2 {
        subscriber = persistent(&harness).open().await;
        assert_eq!(subscriber.expect_ack(PacketType::PubRel, id).await, 0);
        subscriber.expect_no_message().await;
        subscriber.drop_connection().await;
    }
}

/// Connects a subscriber with a persistent session and sends it a QoS 2 message. Returns the subscriber and the packet
/// identifier of the message, which is not acknowledged.
async fn delivered(harness: &Harness, payload: &str) -> (Client, u16) {
    let topic = harness.topic("a");
    let mut subscriber = persistent(harness).open().await;
    subscriber.subscribe(&topic, 2).await;
    harness.client("earlier").await.publish(&topic, payload, 2).await;
    let id = subscriber.next_message().await.id;
    (subscriber, id)
}

fn persistent(harness: &Harness) -> ConnectBuilder<'_> {
    harness.connect("subscriber").persistent()
}
