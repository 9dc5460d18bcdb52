//! Tests PUBACK, PUBREC, PUBREL and PUBCOMP: their reason codes, their flags, and their forms with and without a reason
//! code.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, ack, packet_from_parts, packet_with_body, property};

cases! {
    a_publish_without_subscribers_is_acknowledged: "MQTT5-3.4.2-1", "MQTT5-3.5.2-1", "TRAP5-86";
    a_forbidden_publish_is_refused [TIDEGATE_ONLY]: "MQTT5-3.4.2-1", "MQTT5-3.5.2-1";
    a_full_queue_is_reported_to_the_publisher [REJECT_WHEN_FULL]: "MQTT5-3.4.2-1", "MQTT5-3.5.2-1";
    a_forbidden_publish_is_acknowledged_or_ends_the_connection [TIDEGATE_ONLY]: "MQTT3-3.3.5-2";
    pubrel_has_a_listed_reason: "MQTT5-3.6.2-1", "TRAP5-89";
    pubcomp_has_a_listed_reason: "MQTT5-3.7.2-1", "TRAP5-85";
    acknowledgements_of_unknown_identifiers_are_tolerated: "TRAP5-89";
    an_early_puback_does_not_acknowledge_a_later_message: "TRAP5-89", "MQTT5-4.3.2-3";
    every_valid_form_of_an_acknowledgement_is_accepted: "TRAP5-87";
    pubrel_with_wrong_flags_ends_the_connection: "MQTT5-3.6.1-1", "MQTT3-3.6.1-1";
    pubrel_is_sent_with_its_flags: "MQTT5-3.6.1-1", "MQTT3-3.6.1-1";
}

// The parser of this suite checks for every packet from the broker that the standard lists its reason code.

async fn a_publish_without_subscribers_is_acknowledged(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for qos in [1, 2] {
        let code = publisher.publish(harness.topic("unwanted"), "x", qos).await;
        assert!([0, 0x10].contains(&code), "QoS {qos}: {code:#04x}");
    }
    let mut subscriber = harness.subscriber("subscriber", harness.topic("wanted"), 2).await;
    for qos in [1, 2] {
        assert_eq!(publisher.publish(harness.topic("wanted"), "x", qos).await, 0, "there is a subscriber");
        subscriber.expect_message("x").await;
    }
}

/// Tidegate refuses publishes to topics that begin with `$`.
async fn a_forbidden_publish_is_refused(harness: Harness) {
    let topic = format!("$x/{}", harness.topic("a"));
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for qos in [1, 2] {
        assert_eq!(publisher.publish(&topic, "x", qos).await, 0x87);
    }
    watcher.expect_no_message().await;
}

async fn a_full_queue_is_reported_to_the_publisher(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.connect("subscriber").persistent().open().await;
    subscriber.subscribe(&topic, 2).await;
    subscriber.disconnect().await;
    let mut publisher = harness.client("publisher").await;
    assert_eq!(publisher.publish(&topic, "first", 2).await, 0);
    for qos in [1, 2] {
        assert_eq!(publisher.publish(&topic, "more", qos).await, 0x97);
    }
    assert_eq!(harness.connect("subscriber").persistent().open().await.drain_payloads().await, ["first"]);
}

/// Tidegate refuses publishes to topics that begin with `$`.
async fn a_forbidden_publish_is_acknowledged_or_ends_the_connection(harness: Harness) {
    let topic = format!("$x/{}", harness.topic("a"));
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    for qos in [1, 2] {
        let mut publisher = harness.client("publisher").await;
        publisher.send_publish(&Publish::new(&topic, "x").qos(qos, 1).retain()).await;
        if publisher.stays_open_or_closes(&[]).await {
            publisher.expect_ack(if qos == 1 { PacketType::PubAck } else { PacketType::PubRec }, 1).await;
            if qos == 2 {
                publisher.send_ack(0x62, 1, 0).await;
                publisher.expect_ack(PacketType::PubComp, 1).await;
            }
        }
    }
    watcher.expect_no_message().await;
    harness.subscriber("late", &topic, 2).await.expect_no_message().await;
}

async fn pubrel_has_a_listed_reason(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    harness.client("publisher").await.publish(&topic, "x", 2).await;
    let id = subscriber.next_message().await.id;
    subscriber.send_ack(0x50, id, 0).await;
    assert_eq!(subscriber.expect_ack(PacketType::PubRel, id).await, 0);
    subscriber.send_ack(0x50, id + 1, 0).await;
    subscriber.ping().await;
    for pubrel in subscriber.drain(PacketType::PubRel) {
        assert_eq!(pubrel.id, id + 1, "only for the PUBREC of an unknown identifier, if for any");
    }
}

async fn pubcomp_has_a_listed_reason(harness: Harness) {
    let mut publisher = harness.connect("publisher").persistent().open().await;
    publisher.send_publish(&Publish::new(harness.topic("a"), "x").qos(2, 1)).await;
    publisher.expect_ack(PacketType::PubRec, 1).await;
    publisher.send_ack(0x62, 1, 0).await;
    assert_eq!(publisher.expect_ack(PacketType::PubComp, 1).await, 0, "the identifier is known");
    publisher.drop_connection().await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    for id in [1, 2, 65_535] {
        publisher.send_ack(0x62, id, 0).await;
        let code = publisher.expect_ack(PacketType::PubComp, id).await;
        assert!([0, 0x92].contains(&code), "the identifier is unknown: {code:#04x}");
    }
}

async fn acknowledgements_of_unknown_identifiers_are_tolerated(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("client", &topic, 2).await;
    for id in [1, 1000, 65_535] {
        for (first, code) in [(0x40, 0), (0x40, 0x80), (0x50, 0), (0x50, 0x80), (0x62, 0x92), (0x70, 0x92)] {
            client.send_ack(first, id, code).await;
        }
    }
    client.ping().await;
    assert_eq!(client.drain(PacketType::PubComp).len(), 3, "each PUBREL is answered");
    client.drain(PacketType::PubRel);
    client.publish(&topic, "x", 2).await;
    client.expect_message("x").await;
}

/// The client sends PUBACK for packet identifiers that the broker has not used yet, and in the same write a PUBLISH
/// that makes the broker use one of them.
async fn an_early_puback_does_not_acknowledge_a_later_message(harness: Harness) {
    let topic = harness.topic("a");
    for qos in [1, 2] {
        let mut client = harness.connect("client").persistent().open().await;
        client.subscribe(&topic, 2).await;
        let strays: Vec<u8> = (1..5).flat_map(|id| ack(0x40, id, 0)).collect();
        let publish = Publish::new(&topic, "x").qos(qos, 9).encode(client.version);
        let release = if qos == 2 { ack(0x62, 9, 0) } else { Vec::new() };
        client.send(&[strays, publish, release].concat()).await;
        let id = client.next_message().await.id;
        client.drop_connection().await;
        let mut client = harness.connect("client").persistent().open().await;
        let again: Vec<_> = client.drain_messages().await.iter().map(|message| message.id).collect();
        assert_eq!(again, [id], "the message is unacknowledged");
        client.disconnect().await;
        harness.client("client").await.disconnect().await;
    }
}

async fn every_valid_form_of_an_acknowledgement_is_accepted(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.connect("subscriber").persistent().open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    let reason: &[u8] = &[0, 6, property::REASON_STRING, 0, 3, b'b', b'o', b'w'];
    let user: &[u8] = &[0, 7, property::USER_PROPERTY, 0, 1, b'a', 0, 1, b'b'];
    for end in [&[][..], &[0], &[0, 0], reason, user] {
        publisher.publish(&topic, "once", 1).await;
        let id = subscriber.next_message().await.id.to_be_bytes();
        subscriber.send(&packet_from_parts(0x40, &[&id, end])).await;
        publisher.publish(&topic, "twice", 2).await;
        let id = subscriber.next_message().await.id.to_be_bytes();
        subscriber.send(&packet_from_parts(0x50, &[&id, end])).await;
        subscriber.next_of(PacketType::PubRel).await;
        subscriber.send(&packet_from_parts(0x70, &[&id, end])).await;
        publisher.send_publish(&Publish::new(harness.topic("b"), "x").qos(2, 9)).await;
        publisher.expect_ack(PacketType::PubRec, 9).await;
        publisher.send(&packet_from_parts(0x62, &[&[0, 9], end])).await;
        assert_eq!(publisher.expect_ack(PacketType::PubComp, 9).await, 0);
    }
    subscriber.ping().await;
    subscriber.drop_connection().await;
    let mut subscriber = harness.connect("subscriber").persistent().open().await;
    subscriber.expect_no_message().await;
    assert!(!subscriber.has_received(PacketType::PubRel), "all exchanges are complete");
}

async fn pubrel_with_wrong_flags_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    for flags in (0..16).filter(|flags| *flags != 2) {
        let mut publisher = harness.client("publisher").await;
        publisher.send_publish(&Publish::new(&topic, "x").qos(2, 1)).await;
        publisher.expect_ack(PacketType::PubRec, 1).await;
        publisher.send(&packet_with_body(0x60 | flags, &[0, 1])).await;
        publisher.expect_close_without_answer(&[0x81]).await;
    }
}

async fn pubrel_is_sent_with_its_flags(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    harness.client("publisher").await.publish(&topic, "x", 2).await;
    let id = subscriber.next_message().await.id;
    subscriber.send_ack(0x50, id, 0).await;
    assert_eq!(subscriber.next_of(PacketType::PubRel).await.bytes[0], 0x62);
}
