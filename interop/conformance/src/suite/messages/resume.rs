//! Tests resending: when a session resumes, and only then, the broker resends all packets in flight, with the same
//! packet identifiers and in the same order.

use crate::case::cases;
use crate::client::{Client, ConnectBuilder, lossy_text};
use crate::harness::Harness;
use crate::wire::{Packet, PacketType};

cases! {
    nothing_is_resent_while_connected: "MQTT5-4.4.0-1", "TRAP5-81", "TRAP3-81";
    everything_in_flight_is_resent_on_resume: "MQTT5-4.4.0-1", "MQTT3-4.4.0-1", "TRAP5-83", "TRAP3-83", "TRAP5-80", "TRAP3-80";
    resent_messages_have_dup: "MQTT5-3.3.1-1", "MQTT3-3.3.1-1", "TRAP5-79", "TRAP3-79";
    nothing_is_resent_after_a_clean_start: "MQTT5-4.4.0-1", "MQTT3-4.4.0-1";
    a_failing_acknowledgement_ends_the_delivery: "MQTT5-4.4.0-2", "TRAP5-88";
    the_oldest_message_is_resent_first: "MQTT5-4.6.0-5", "MQTT3-4.6.0-1", "MQTT3-4.4.0-1", "TRAP5-82", "TRAP3-82";
    pubrels_follow_the_order_of_the_pubrecs: "MQTT3-4.6.0-4", "TRAP5-82", "TRAP3-82";
    resent_pubrels_keep_their_order: "TRAP5-82", "TRAP3-82";
}

/// The test waits three seconds, so that a broker that resends after a shorter timeout fails it.
async fn nothing_is_resent_while_connected(harness: Harness) {
    let (mut subscriber, open) = with_in_flight(&harness, 4).await;
    subscriber.send_ack(0x50, open[3].id, 0).await;
    subscriber.expect_ack(PacketType::PubRel, open[3].id).await;
    harness.wait_by_broker_clock(3).await;
    subscriber.expect_no_message().await;
    assert!(!subscriber.has_received(PacketType::PubRel), "PUBREL was sent");
}

async fn everything_in_flight_is_resent_on_resume(harness: Harness) {
    let (mut subscriber, open) = with_in_flight(&harness, 8).await;
    // Messages 0, 2, 4 and 6 have QoS 1, the others QoS 2. The client completes messages 2 and 3. For message 5, PUBREL
    // is in flight.
    subscriber.acknowledge(&open[2]).await;
    subscriber.acknowledge(&open[3]).await;
    subscriber.send_ack(0x50, open[5].id, 0).await;
    subscriber.expect_ack(PacketType::PubRel, open[5].id).await;
    subscriber.ping().await;
    subscriber.disconnect().await;
    for round in 0..3 {
        let mut subscriber = persistent(&harness).open().await;
        let again = subscriber.drain_messages().await;
        let expected: Vec<_> = [0, 1, 4, 6, 7].iter().map(|index| identity(&open[*index])).collect();
        assert_eq!(again.iter().map(identity).collect::<Vec<_>>(), expected, "round {round}");
        assert_eq!(subscriber.expect_ack(PacketType::PubRel, open[5].id).await, 0);
        assert!(!subscriber.has_received(PacketType::PubRel), "only one PUBREL");
        subscriber.drop_connection().await;
    }
}

async fn resent_messages_have_dup(harness: Harness) {
    let (mut subscriber, open) = with_in_flight(&harness, 2).await;
    assert!(open.iter().all(|message| !message.dup), "the first delivery has no DUP");
    for _ in 0..2 {
        subscriber.drop_connection().await;
        subscriber = persistent(&harness).open().await;
        for first in &open {
            let again = subscriber.next_message().await;
            assert_eq!((again.id, again.qos, again.dup), (first.id, first.qos, true), "identifier, QoS, DUP");
        }
    }
}

async fn nothing_is_resent_after_a_clean_start(harness: Harness) {
    let (mut subscriber, open) = with_in_flight(&harness, 4).await;
    subscriber.send_ack(0x50, open[3].id, 0).await;
    subscriber.expect_ack(PacketType::PubRel, open[3].id).await;
    subscriber.drop_connection().await;
    let mut subscriber = harness.client("subscriber").await;
    subscriber.expect_no_message().await;
    assert!(!subscriber.has_received(PacketType::PubRel), "PUBREL was sent");
}

async fn a_failing_acknowledgement_ends_the_delivery(harness: Harness) {
    let (mut subscriber, open) = with_in_flight(&harness, 4).await;
    for (message, code) in open.iter().zip([0x80, 0x80, 0x97, 0x97]) {
        let first = if message.qos == 1 { 0x40 } else { 0x50 };
        subscriber.send_ack(first, message.id, code).await;
    }
    subscriber.ping().await;
    subscriber.drop_connection().await;
    let mut subscriber = persistent(&harness).open().await;
    subscriber.expect_no_message().await;
    assert!(!subscriber.has_received(PacketType::PubRel), "PUBREL was sent");
}

async fn the_oldest_message_is_resent_first(harness: Harness) {
    let (subscriber, open) = with_in_flight(&harness, 12).await;
    subscriber.drop_connection().await;
    let mut publisher = harness.client("publisher").await;
    for number in 12..18 {
        publisher.publish(harness.topic("a"), number.to_string(), 1 + number % 2).await;
    }
    let mut subscriber = persistent(&harness).open().await;
    publisher.publish(harness.topic("a"), "18", 1).await;
    let mut again = subscriber.drain_messages().await;
    for message in &again {
        subscriber.acknowledge(message).await;
    }
    again.extend(subscriber.drain_messages().await);
    let ids: Vec<_> = again.iter().map(|message| message.id).take(12).collect();
    assert_eq!(ids, open.iter().map(|message| message.id).collect::<Vec<_>>(), "the identifiers");
    for qos in [1, 2] {
        let of_qos = again.iter().filter(|message| message.qos == qos);
        let numbers: Vec<u8> =
            of_qos.map(|message| lossy_text(&message.payload).parse().expect("a number")).collect();
        assert!(numbers.is_sorted(), "QoS {qos}: {numbers:?}");
    }
    assert_eq!(again.len(), 19);
}

async fn pubrels_follow_the_order_of_the_pubrecs(harness: Harness) {
    let (mut subscriber, order) = with_pubrecs_sent(&harness).await;
    for id in order {
        subscriber.expect_ack(PacketType::PubRel, id).await;
    }
}

async fn resent_pubrels_keep_their_order(harness: Harness) {
    let (mut subscriber, order) = with_pubrecs_sent(&harness).await;
    for _ in 0..2 {
        subscriber.ping().await;
        subscriber.drop_connection().await;
        subscriber = persistent(&harness).open().await;
        for id in order {
            subscriber.expect_ack(PacketType::PubRel, id).await;
        }
    }
}

/// Connects a subscriber that sends PUBREC in another order than the broker sent the messages. Returns the subscriber
/// and the packet identifiers in the order of the PUBRECs.
async fn with_pubrecs_sent(harness: &Harness) -> (Client, [u16; 6]) {
    let (mut subscriber, open) = with_in_flight(harness, 12).await;
    let qos_2: Vec<_> = open.iter().filter(|message| message.qos == 2).map(|message| message.id).collect();
    let order = [qos_2[3], qos_2[0], qos_2[5], qos_2[1], qos_2[4], qos_2[2]];
    for id in order {
        subscriber.send_ack(0x50, id, 0).await;
    }
    (subscriber, order)
}

/// Connects a subscriber with a persistent session that receives `count` messages, alternately of QoS 1 and 2, and
/// acknowledges none.
async fn with_in_flight(harness: &Harness, count: u8) -> (Client, Vec<Packet>) {
    let topic = harness.topic("a");
    let mut subscriber = persistent(harness).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("earlier").await;
    for number in 0..count {
        publisher.publish(&topic, number.to_string(), 1 + number % 2).await;
    }
    let open = subscriber.next_messages(count.into()).await;
    (subscriber, open)
}

fn persistent(harness: &Harness) -> ConnectBuilder<'_> {
    harness.connect("subscriber").persistent()
}

fn identity(message: &Packet) -> (u16, u8, String) {
    (message.id, message.qos, lossy_text(&message.payload))
}
