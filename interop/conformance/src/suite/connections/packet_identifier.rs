//! Tests packet identifiers: which packets have an identifier, which side chooses it, and which packets repeat it.

use std::collections::HashSet;

use super::expect_close_after;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Subscribe, Unsubscribe, ack, length_prefixed};

cases! {
    qos_0_has_no_identifier: "MQTT5-2.2.1-2", "MQTT3-2.3.1-5";
    an_identifier_of_zero_ends_the_connection: "MQTT5-2.2.1-3", "MQTT3-2.3.1-1";
    acknowledgements_repeat_the_identifier_of_the_publish: "MQTT5-2.2.1-5", "MQTT3-2.3.1-6";
    answers_to_pipelined_requests_repeat_their_identifiers: "MQTT5-2.2.1-6", "MQTT3-2.3.1-7";
    in_flight_messages_have_distinct_identifiers: "MQTT5-2.2.1-4", "MQTT3-2.3.1-4", "MQTT3-2.3.1-1";
    identifiers_in_use_are_skipped_after_wrap_around: "MQTT5-2.2.1-4", "MQTT3-2.3.1-4";
}

async fn qos_0_has_no_identifier(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 2).await;
    // The payload begins with two bytes that could be mistaken for a packet identifier.
    client.publish(&topic, [0, 7, 1], 0).await;
    let message = client.receive().await;
    let empty = if harness.is_v5() { &[0][..] } else { &[] };
    let body = [&length_prefixed(topic.as_bytes()), empty, &[0, 7, 1]].concat();
    assert_eq!(&message.bytes[2..], body, "the payload follows directly");
    // A message published at QoS 2 has no packet identifier either, if it is sent at QoS 0 because of the subscription.
    client.subscribe(&topic, 0).await;
    client.publish(&topic, [0, 7, 1], 2).await;
    assert_eq!(&client.receive().await.bytes[2..], body, "granted QoS 0");
}

async fn an_identifier_of_zero_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = super::watcher(&harness).await;
    let zero = [
        Publish::new(&topic, "x").qos(1, 0).encode(harness.version),
        Publish::new(&topic, "x").qos(2, 0).encode(harness.version),
        Subscribe::new(0).filter(&topic, 0).encode(harness.version),
        Unsubscribe::new(0).filter(&topic).encode(harness.version),
    ];
    for bytes in zero {
        expect_close_after(&harness, &bytes, &[0x82, 0x81]).await;
    }
    watcher.expect_no_message().await;
}

async fn acknowledgements_repeat_the_identifier_of_the_publish(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    for id in [0x1234, 1, 0xFFFF, 0x00FF, 0xFF00] {
        client.send(&Publish::new(&topic, "x").qos(1, id).encode(harness.version)).await;
        client.expect_ack(PacketType::PubAck, id).await;
        client.send(&Publish::new(&topic, "x").qos(2, id).encode(harness.version)).await;
        client.expect_ack(PacketType::PubRec, id).await;
        client.send(&ack(0x62, id, 0)).await;
        client.expect_ack(PacketType::PubComp, id).await;
    }
    let mut receiver = harness.subscriber("two", &topic, 2).await;
    for _ in 0..3 {
        client.publish(&topic, "x", 2).await;
        let message = receiver.next_message().await;
        receiver.send(&ack(0x50, message.id, 0)).await;
        receiver.expect_ack(PacketType::PubRel, message.id).await;
        receiver.send(&ack(0x70, message.id, 0)).await;
    }
}

async fn answers_to_pipelined_requests_repeat_their_identifiers(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    let requests = [0x1234, 1, 65_535, 0x00FF, 0xFF00];
    let mut bytes = Vec::new();
    for id in requests {
        bytes.extend(Subscribe::new(id).filter(&topic, 0).encode(harness.version));
        bytes.extend(Unsubscribe::new(id).filter(&topic).encode(harness.version));
    }
    client.send(&bytes).await;
    for packet_type in [PacketType::SubAck, PacketType::UnsubAck] {
        let mut answered = Vec::new();
        for _ in requests {
            answered.push(client.next_of(packet_type).await.id);
        }
        answered.sort_unstable();
        let mut asked = requests;
        asked.sort_unstable();
        assert_eq!(answered, asked, "{packet_type:?}");
    }
    client.ping().await;
    assert!(
        !client.has_received(PacketType::SubAck) && !client.has_received(PacketType::UnsubAck),
        "one answer per request"
    );
}

async fn in_flight_messages_have_distinct_identifiers(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    let mut in_flight = Vec::new();
    for number in 0..IN_FLIGHT_COUNT {
        publisher.publish(&topic, [number], 1 + number % 2).await;
        in_flight.push(client.next_message().await.id);
    }
    assert_eq!(
        HashSet::<u16>::from_iter(in_flight.clone()).len(),
        in_flight.len(),
        "all differ: {in_flight:?}"
    );
    // The broker resends the messages with the same packet identifiers on the next connection.
    client.drop_connection().await;
    let mut client = harness.connect("one").persistent().open().await;
    let mut again = Vec::new();
    for number in 0..IN_FLIGHT_COUNT {
        let message = client.next_message().await;
        assert_eq!((message.payload.as_slice(), message.dup), (&[number][..], true), "in order, with DUP");
        again.push(message.id);
    }
    assert_eq!(again, in_flight, "the same identifiers");
    // PUBACK frees a packet identifier. An identifier without an acknowledgement, or with only PUBREC, stays in use.
    client.send(&ack(0x40, in_flight[0], 0)).await;
    client.send(&ack(0x50, in_flight[1], 0)).await;
    client.expect_ack(PacketType::PubRel, in_flight[1]).await;
    for number in 0..IN_FLIGHT_COUNT / 2 {
        publisher.publish(&topic, [number], 1).await;
        let message = client.next_message().await;
        assert!(!in_flight[1..].contains(&message.id), "{} is in use", message.id);
        client.acknowledge(&message).await;
    }
}

async fn identifiers_in_use_are_skipped_after_wrap_around(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    publisher.publish(&topic, "one", 1).await;
    let held = client.next_message().await.id;
    publisher.publish(&topic, "two", 2).await;
    let received = client.next_message().await.id;
    client.send(&ack(0x50, received, 0)).await;
    client.expect_ack(PacketType::PubRel, received).await;
    let publish = |id| Publish::new(&topic, "").qos(1, id).encode(harness.version);
    let batch: Vec<u8> = (1..=BATCH_LEN).flat_map(publish).collect();
    for _ in 0..=u16::MAX / BATCH_LEN {
        publisher.send(&batch).await;
        for _ in 1..=BATCH_LEN {
            let id = client.next_message().await.id;
            assert!(id != held && id != received, "{id} is in use");
            client.send(&ack(0x40, id, 0)).await;
        }
        for id in 1..=BATCH_LEN {
            publisher.expect_ack(PacketType::PubAck, id).await;
        }
    }
    client.ping().await;
}

const IN_FLIGHT_COUNT: u8 = 20;
/// The number of publishes sent in one batch.
const BATCH_LEN: u16 = 250;
