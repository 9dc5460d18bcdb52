//! Tests that no packet from the broker exceeds the client's Maximum Packet Size, and how the broker enforces its own.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{Packet, PacketType, Publish, Subscribe, ack, length_prefixed, packet_with_body, property};

cases! {
    a_message_above_the_clients_maximum_is_not_sent: "MQTT5-3.1.2-24";
    no_packet_exceeds_the_clients_maximum: "MQTT5-3.1.2-24", "MQTT5-3.2.2-19", "MQTT5-3.2.2-20";
    an_oversized_message_counts_as_delivered: "MQTT5-3.1.2-25";
    an_oversized_queued_message_is_dropped_on_resume: "MQTT5-3.1.2-25";
    packets_up_to_the_servers_maximum_are_accepted [LOW_LIMITS]: "MQTT5-3.2.2-15";
    packets_above_the_servers_maximum_end_the_connection [LOW_LIMITS]: "MQTT5-3.2.2-15";
    packets_above_the_announced_maximum_end_the_connection: "MQTT5-3.2.2-15";
}

/// Returns a payload with which the PUBLISH to a subscriber has `size` bytes in total.
fn payload(topic: &str, qos: u8, size: usize) -> Vec<u8> {
    let id = if qos > 0 { 2 } else { 0 };
    let length = if size > 129 { 2 } else { 1 };
    "x".repeat(size - (1 + length + 2 + topic.len() + id + 1)).into_bytes()
}

async fn a_message_above_the_clients_maximum_is_not_sent(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    for (size, qos) in [(64, 0), (64, 1), (64, 2), (500, 0), (500, 1)] {
        let limit = u32::try_from(size).expect("a size");
        let mut client = harness.connect("one").number(property::MAXIMUM_PACKET_SIZE, limit).open().await;
        client.subscribe(&topic, 2).await;
        publisher.publish(&topic, payload(&topic, qos, size + 1), qos).await;
        client.expect_no_message().await;
        publisher.publish(&topic, payload(&topic, qos, size), qos).await;
        assert_eq!(client.receive().await.bytes.len(), size, "exactly as large as allowed");
        client.expect_no_message().await;
        client.disconnect().await;
    }
}

/// Checks the sizes of CONNACK, all acknowledgements and DISCONNECT. If CONNACK is larger than the client's maximum,
/// the broker has to close the connection.
async fn no_packet_exceeds_the_clients_maximum(harness: Harness) {
    let topic = harness.topic("a");
    for size in [1, 2, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64] {
        let small = |name| harness.connect(name).number(property::MAXIMUM_PACKET_SIZE, size);
        let mut refused = small("one").text(property::AUTHENTICATION_METHOD, "X-NONE").send().await;
        let packets = refused.wait_for_end().await;
        assert_within(size, &packets);
        let is_refusal = |packet: &Packet| packet.packet_type == PacketType::ConnAck && packet.code >= 0x80;
        assert!(packets.iter().all(is_refusal), "{packets:?}");
        let mut client = small("one").client_id("").send().await;
        let bytes = [
            Subscribe::new(1).filter(&topic, 1).encode(harness.version),
            crate::wire::Unsubscribe::new(2).filter(&topic).encode(harness.version),
            Publish::new(&topic, "x").qos(1, 3).encode(harness.version),
            Publish::new(&topic, "x").qos(2, 4).encode(harness.version),
            ack(0x62, 4, 0),
            ack(0x62, 5, 0),
            vec![0xC0, 0, 0xC1, 0],
        ];
        client.send(&bytes.concat()).await;
        let packets = client.wait_for_end().await;
        assert_within(size, &packets);
        if size == 64 {
            let received =
                |packet_type: &PacketType| packets.iter().any(|packet| packet.packet_type == *packet_type);
            assert!(ANSWER_TYPES.iter().all(received), "an answer is missing: {packets:?}");
        }
    }
}

/// The types of the answers to the client's packets. The broker must not omit an answer that fits the client's Maximum
/// Packet Size.
const ANSWER_TYPES: [PacketType; 7] = [
    PacketType::ConnAck,
    PacketType::SubAck,
    PacketType::UnsubAck,
    PacketType::PubAck,
    PacketType::PubRec,
    PacketType::PubComp,
    PacketType::PingResp,
];

fn assert_within(size: u32, packets: &[Packet]) {
    for packet in packets {
        assert!(packet.bytes.len() <= size as usize, "more than {size} bytes: {packet:?}");
    }
}

/// The client's Receive Maximum allows only one message in flight. An oversized message, which the broker cannot send,
/// must not block the next message.
async fn an_oversized_message_counts_as_delivered(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    let builder = harness.connect("one").number(property::MAXIMUM_PACKET_SIZE, 64);
    let mut client = builder.number(property::RECEIVE_MAXIMUM, 1).persistent().open().await;
    client.subscribe(&topic, 2).await;
    for qos in [1, 2, 1, 2] {
        publisher.publish(&topic, payload(&topic, qos, 65), qos).await;
        publisher.publish(&topic, "small", qos).await;
        let message = client.receive().await;
        assert_eq!(message.payload, b"small");
        client.expect_no_message().await;
    }
    // The broker has dropped the oversized messages: the next connection, which has no limit, does not get them either.
    client.drop_connection().await;
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    client.expect_no_message().await;
}

/// The broker queues messages while the client is disconnected. When the client reconnects with a smaller Maximum
/// Packet Size, the broker drops the messages that exceed it and sends the others.
async fn an_oversized_queued_message_is_dropped_on_resume(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 2).await;
    client.disconnect().await;
    let mut publisher = harness.client("publisher").await;
    for (qos, size) in [(1, 65), (1, 64), (2, 500), (2, 64), (1, 1000)] {
        publisher.publish(&topic, payload(&topic, qos, size), qos).await;
    }
    let small = harness.connect("one").number(property::MAXIMUM_PACKET_SIZE, 64);
    let mut client = small.number(property::RECEIVE_MAXIMUM, 1).persistent().open().await;
    for qos in [1, 2] {
        let message = client.receive().await;
        assert_eq!((message.qos, message.bytes.len()), (qos, 64));
    }
    client.expect_no_message().await;
}

/// Connects a client. Returns the client and the Maximum Packet Size that the broker announces.
async fn announced(harness: &Harness) -> (Client, Option<usize>) {
    let (client, connack) = harness.connect("one").open_with_connack().await;
    let limit = connack.properties.get_number(property::MAXIMUM_PACKET_SIZE);
    (client, limit.map(|limit| limit as usize))
}

async fn packets_up_to_the_servers_maximum_are_accepted(harness: Harness) {
    let topic = harness.topic("a");
    let (mut client, limit) = announced(&harness).await;
    assert_eq!(limit, Some(1024));
    client.subscribe(&topic, 1).await;
    for qos in 0..2 {
        let largest = Publish::new(&topic, payload(&topic, qos, 1024)).qos(qos, 1);
        assert_eq!(largest.encode(harness.version).len(), 1024);
        client.exchange_publish(largest).await;
        assert_eq!(client.receive().await.bytes.len(), 1024);
    }
}

async fn packets_above_the_servers_maximum_end_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = super::watcher(&harness).await;
    for qos in 0..3 {
        let (mut client, _) = announced(&harness).await;
        let larger = Publish::new(&topic, payload(&topic, qos, 1025)).qos(qos, 1).encode(harness.version);
        assert_eq!(larger.len(), 1025);
        client.send(&larger).await;
        client.expect_close_without_answer(&[0x95]).await;
    }
    // The broker's maximum applies to SUBSCRIBE as it does to PUBLISH.
    let (mut client, _) = announced(&harness).await;
    let filter = harness.topic(&"x".repeat(1100));
    client.send(&Subscribe::new(1).filter(filter, 0).encode(harness.version)).await;
    client.expect_close_without_answer(&[0x95]).await;
    watcher.expect_no_message().await;
}

/// Runs against any broker that announces a Maximum Packet Size of at most 4 MiB.
async fn packets_above_the_announced_maximum_end_the_connection(harness: Harness) {
    let (mut client, limit) = announced(&harness).await;
    let Some(limit) = limit.filter(|limit| *limit <= 4 << 20) else { return };
    let topic = length_prefixed(harness.topic("a").as_bytes());
    let body = [&topic[..], &[0], &vec![b'x'; limit]].concat();
    client.send(&packet_with_body(0x30, &body)).await;
    client.expect_close_without_answer(&[0x95]).await;
}
