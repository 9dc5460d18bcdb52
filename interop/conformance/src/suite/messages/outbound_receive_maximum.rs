//! Tests the client's Receive Maximum: how many messages the broker has in flight to the client, and which packets the
//! maximum does not limit.

use crate::case::cases;
use crate::client::{Client, ConnectBuilder};
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Unsubscribe, property};

cases! {
    no_more_than_the_maximum_are_in_flight: "MQTT5-3.3.4-9", "MQTT5-4.9.0-1", "MQTT5-4.9.0-2";
    each_final_acknowledgement_lets_one_more_through: "MQTT5-3.3.4-9", "MQTT5-4.9.0-2", "TRAP5-70", "TRAP5-71";
    a_failing_acknowledgement_lets_one_more_through: "MQTT5-3.3.4-9", "MQTT5-4.9.0-2", "MQTT5-4.4.0-2", "TRAP5-70";
    resent_messages_count_against_the_quota: "MQTT5-4.9.0-2", "MQTT5-4.9.0-1", "TRAP5-72";
    pubcomp_for_a_resent_pubrel_does_not_exceed_the_maximum: "MQTT5-3.3.4-9", "MQTT5-4.9.0-1", "TRAP5-72";
    a_resent_pubrel_uses_no_quota [TIDEGATE_ONLY]: "TRAP5-72";
    other_packets_continue_at_quota_0: "MQTT5-3.3.4-10", "MQTT5-4.9.0-3", "TRAP5-73";
    qos_0_messages_continue_at_quota_0 [TIDEGATE_ONLY]: "TRAP5-74";
}

async fn no_more_than_the_maximum_are_in_flight(harness: Harness) {
    for maximum in [1, 2, 7] {
        let mut subscriber = with_receive_maximum(&harness, maximum).open().await;
        publish(&harness, &mut subscriber, 10).await;
        assert_eq!(
            subscriber.drain_messages().await.len(),
            usize::from(maximum),
            "messages in flight with a maximum of {maximum}"
        );
        subscriber.expect_no_message().await;
        subscriber.disconnect().await;
    }
}

async fn each_final_acknowledgement_lets_one_more_through(harness: Harness) {
    let mut subscriber = with_receive_maximum(&harness, 2).open().await;
    publish(&harness, &mut subscriber, 10).await;
    let mut open = subscriber.drain_messages().await;
    assert_eq!(open.len(), 2);
    for number in 0..8 {
        let message = open.remove(0);
        assert_eq!(message.payload, number.to_string().into_bytes());
        if message.qos == 1 {
            subscriber.send_ack(0x40, message.id, 0).await;
        } else {
            subscriber.send_ack(0x50, message.id, 0).await;
            assert_eq!(subscriber.expect_ack(PacketType::PubRel, message.id).await, 0);
            subscriber.expect_no_message().await;
            subscriber.send_ack(0x70, message.id, 0).await;
        }
        open.push(subscriber.next_message().await);
        subscriber.expect_no_message().await;
    }
}

async fn a_failing_acknowledgement_lets_one_more_through(harness: Harness) {
    let mut subscriber = with_receive_maximum(&harness, 1).open().await;
    publish(&harness, &mut subscriber, 10).await;
    for number in 0..10 {
        let message = subscriber.next_message().await;
        assert_eq!(message.payload, number.to_string().into_bytes());
        subscriber.expect_no_message().await;
        let first = if message.qos == 1 { 0x40 } else { 0x50 };
        subscriber.send_ack(first, message.id, 0x80).await;
    }
    subscriber.expect_no_message().await;
    assert!(!subscriber.has_received(PacketType::PubRel), "no PUBREL for a refused message");
}

async fn resent_messages_count_against_the_quota(harness: Harness) {
    let mut subscriber = with_receive_maximum(&harness, 2).persistent().open().await;
    publish(&harness, &mut subscriber, 6).await;
    let ids: Vec<_> = subscriber.next_messages(2).await.iter().map(|message| message.id).collect();
    subscriber.drop_connection().await;
    let mut subscriber = with_receive_maximum(&harness, 2).persistent().open().await;
    let again = subscriber.next_messages(2).await;
    assert_eq!(again.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
    subscriber.expect_no_message().await;
    subscriber.acknowledge(&again[0]).await;
    assert_eq!(subscriber.drain_messages().await.len(), 1, "one message was completed");
    subscriber.drop_connection().await;
    let mut subscriber = with_receive_maximum(&harness, 1).persistent().open().await;
    assert_eq!(subscriber.drain_messages().await.len(), 1, "this connection allows only one");
}

async fn pubcomp_for_a_resent_pubrel_does_not_exceed_the_maximum(harness: Harness) {
    let mut subscriber = with_resent_pubrels(&harness, 3).await;
    for _ in 0..3 {
        let id = subscriber.next_of(PacketType::PubRel).await.id;
        subscriber.send_ack(0x70, id, 0).await;
    }
    subscriber.ping().await;
    publish(&harness, &mut subscriber, 10).await;
    assert_eq!(subscriber.drain_messages().await.len(), 3, "the quota is not above the maximum");
}

/// The standard's description of the send quota could be read to mean that a PUBCOMP for a message of an earlier
/// connection raises the quota of the current connection. The normative statement forbids that.
async fn a_resent_pubrel_uses_no_quota(harness: Harness) {
    let mut subscriber = with_resent_pubrels(&harness, 3).await;
    publish(&harness, &mut subscriber, 10).await;
    assert_eq!(subscriber.drain_messages().await.len(), 3, "PUBREL needs no quota");
    for _ in 0..3 {
        let id = subscriber.next_of(PacketType::PubRel).await.id;
        subscriber.send_ack(0x70, id, 0).await;
    }
    subscriber.expect_no_message().await;
}

async fn other_packets_continue_at_quota_0(harness: Harness) {
    let topic = harness.topic("b");
    let mut client = with_receive_maximum(&harness, 1).open().await;
    publish(&harness, &mut client, 5).await;
    assert_eq!(client.drain_messages().await.len(), 1);
    client.subscribe(&topic, 0).await;
    client.unsubscribe(&topic).await;
    assert!(client.publish(&topic, "x", 1).await < 0x80, "PUBACK");
    assert!(client.publish(&topic, "x", 2).await < 0x80, "PUBREC and PUBCOMP");
    client.send_ack(0x62, 999, 0).await;
    client.expect_ack(PacketType::PubComp, 999).await;
    let unsubscribe = Unsubscribe::new(1000).filter(&topic);
    client.send(&unsubscribe.encode(client.version)).await;
    assert_eq!(client.next_of(PacketType::UnsubAck).await.codes.len(), 1);
    client.expect_no_message().await;
}

async fn qos_0_messages_continue_at_quota_0(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = with_receive_maximum(&harness, 1).open().await;
    publish(&harness, &mut subscriber, 5).await;
    assert_eq!(subscriber.drain_payloads().await, ["0"]);
    let mut publisher = harness.client("more").await;
    for payload in ["first", "second", "third"] {
        publisher.publish(&topic, payload, 0).await;
    }
    assert_eq!(subscriber.drain_payloads().await, ["first", "second", "third"]);
}

/// Connects a subscriber that has resumed its session with `count` QoS 2 messages for which the broker has to resend
/// PUBREL.
async fn with_resent_pubrels(harness: &Harness, count: u16) -> Client {
    let topic = harness.topic("a");
    let mut subscriber = with_receive_maximum(harness, count).persistent().open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("earlier").await;
    for _ in 0..count {
        publisher.publish(&topic, "earlier", 2).await;
        let id = subscriber.next_message().await.id;
        subscriber.send_ack(0x50, id, 0).await;
        subscriber.expect_ack(PacketType::PubRel, id).await;
    }
    subscriber.drop_connection().await;
    with_receive_maximum(harness, count).persistent().open().await
}

fn with_receive_maximum(harness: &Harness, maximum: u16) -> ConnectBuilder<'_> {
    harness.connect("subscriber").number(property::RECEIVE_MAXIMUM, maximum.into())
}

/// Subscribes, and publishes `count` numbered messages alternately at QoS 1 and 2.
async fn publish(harness: &Harness, subscriber: &mut Client, count: u8) {
    let topic = harness.topic("a");
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for number in 0..count {
        publisher.exchange_publish(Publish::new(&topic, number.to_string()).qos(1 + number % 2, 0)).await;
    }
}
