//! Maximum Packet Size: the client's, which nothing sent to it exceeds, and the server's.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Packet, Publish, Subscribe, ack, frame, property, text};

cases! {
    a_message_larger_than_the_client_takes_is_not_sent: "MQTT5-3.1.2-24";
    no_packet_is_larger_than_the_client_takes: "MQTT5-3.1.2-24", "MQTT5-3.2.2-19", "MQTT5-3.2.2-20";
    a_message_that_is_too_large_counts_as_done: "MQTT5-3.1.2-25";
    a_message_that_was_too_large_is_not_queued: "MQTT5-3.1.2-25";
    packets_up_to_the_servers_maximum_are_taken [SMALL]: "MQTT5-3.2.2-15";
    larger_packets_end_the_connection [SMALL]: "MQTT5-3.2.2-15";
    larger_packets_than_announced_end_the_connection: "MQTT5-3.2.2-15";
}

/// A payload that makes a PUBLISH of `size` bytes on the way to a subscriber.
fn payload(topic: &str, qos: u8, size: usize) -> Vec<u8> {
    let id = if qos > 0 { 2 } else { 0 };
    let length = if size > 129 { 2 } else { 1 };
    "x".repeat(size - (1 + length + 2 + topic.len() + id + 1)).into_bytes()
}

async fn a_message_larger_than_the_client_takes_is_not_sent(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.client("publisher").await;
    for (size, qos) in [(64, 0), (64, 1), (64, 2), (500, 0), (500, 1)] {
        let limit = u32::try_from(size).expect("a size");
        let mut client = lab.connect("one").number(property::MAXIMUM_PACKET_SIZE, limit).open().await;
        client.subscribe(&topic, 2).await;
        publisher.publish(&topic, payload(&topic, qos, size + 1), qos).await;
        client.hears_nothing().await;
        publisher.publish(&topic, payload(&topic, qos, size), qos).await;
        assert_eq!(client.receive().await.bytes.len(), size, "exactly as large as allowed");
        client.hears_nothing().await;
        client.leave().await;
    }
}

/// CONNACK of any kind, acknowledgements and DISCONNECT. Where the client takes too little for a CONNACK, the broker
/// can but close.
async fn no_packet_is_larger_than_the_client_takes(lab: Lab) {
    let topic = lab.topic("a");
    for size in [1, 2, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64] {
        let small = |name| lab.connect(name).number(property::MAXIMUM_PACKET_SIZE, size);
        let mut refused = small("one").text(property::AUTHENTICATION_METHOD, "X-NONE").send().await;
        let packets = refused.wait_for_end().await;
        keep_to(size, &packets);
        let told = |packet: &Packet| packet.kind == Kind::ConnAck && packet.code >= 0x80;
        assert!(packets.iter().all(told), "{packets:?}");
        let mut client = small("one").client_id("").send().await;
        let bytes = [
            Subscribe::new(1).filter(&topic, 1).encode(lab.version),
            crate::wire::Unsubscribe::new(2).filter(&topic).encode(lab.version),
            Publish::new(&topic, "x").qos(1, 3).encode(lab.version),
            Publish::new(&topic, "x").qos(2, 4).encode(lab.version),
            ack(0x62, 4, 0),
            ack(0x62, 5, 0),
            vec![0xC0, 0, 0xC1, 0],
        ];
        client.send(&bytes.concat()).await;
        let packets = client.wait_for_end().await;
        keep_to(size, &packets);
        if size == 64 {
            let came = |kind: &Kind| packets.iter().any(|packet| packet.kind == *kind);
            assert!(ANSWERS.iter().all(came), "not all answers: {packets:?}");
        }
    }
}

/// What the client asked for: nothing is left out where there is room.
const ANSWERS: [Kind; 7] =
    [Kind::ConnAck, Kind::SubAck, Kind::UnsubAck, Kind::PubAck, Kind::PubRec, Kind::PubComp, Kind::PingResp];

fn keep_to(size: u32, packets: &[Packet]) {
    for packet in packets {
        assert!(packet.bytes.len() <= size as usize, "larger than {size}: {packet:?}");
    }
}

/// With room for a single message in flight: a large one must not stand in the way.
async fn a_message_that_is_too_large_counts_as_done(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.client("publisher").await;
    let opening = lab.connect("one").number(property::MAXIMUM_PACKET_SIZE, 64);
    let mut client = opening.number(property::RECEIVE_MAXIMUM, 1).kept().open().await;
    client.subscribe(&topic, 2).await;
    for qos in [1, 2, 1, 2] {
        publisher.publish(&topic, payload(&topic, qos, 65), qos).await;
        publisher.publish(&topic, "small", qos).await;
        let message = client.receive().await;
        assert_eq!(message.payload, b"small");
        client.hears_nothing().await;
    }
    // It does not come later either, when the client takes more.
    client.cut().await;
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present);
    client.hears_nothing().await;
}

/// What waited for the client and is too large when it returns is dropped; the rest comes.
async fn a_message_that_was_too_large_is_not_queued(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 2).await;
    client.leave().await;
    let mut publisher = lab.client("publisher").await;
    for (qos, size) in [(1, 65), (1, 64), (2, 500), (2, 64), (1, 1000)] {
        publisher.publish(&topic, payload(&topic, qos, size), qos).await;
    }
    let small = lab.connect("one").number(property::MAXIMUM_PACKET_SIZE, 64);
    let mut client = small.number(property::RECEIVE_MAXIMUM, 1).kept().open().await;
    for qos in [1, 2] {
        let message = client.receive().await;
        assert_eq!((message.qos, message.bytes.len()), (qos, 64));
    }
    client.hears_nothing().await;
}

/// What the broker announces.
async fn announced(lab: &Lab) -> (Client, Option<usize>) {
    let (client, connack) = lab.connect("one").accepted().await;
    let limit = connack.properties.get_number(property::MAXIMUM_PACKET_SIZE);
    (client, limit.map(|limit| limit as usize))
}

async fn packets_up_to_the_servers_maximum_are_taken(lab: Lab) {
    let topic = lab.topic("a");
    let (mut client, limit) = announced(&lab).await;
    assert_eq!(limit, Some(1024));
    client.subscribe(&topic, 1).await;
    for qos in 0..2 {
        let largest = Publish::new(&topic, payload(&topic, qos, 1024)).qos(qos, 1);
        assert_eq!(largest.encode(lab.version).len(), 1024);
        client.exchange_publish(largest).await;
        assert_eq!(client.receive().await.bytes.len(), 1024);
    }
}

async fn larger_packets_end_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = super::watcher(&lab).await;
    for qos in 0..3 {
        let (mut client, _) = announced(&lab).await;
        let larger = Publish::new(&topic, payload(&topic, qos, 1025)).qos(qos, 1).encode(lab.version);
        assert_eq!(larger.len(), 1025);
        client.send(&larger).await;
        client.is_cut_off_unanswered(&[0x95]).await;
    }
    // Any packet, not only PUBLISH.
    let (mut client, _) = announced(&lab).await;
    let filter = lab.topic(&"x".repeat(1100));
    client.send(&Subscribe::new(1).filter(filter, 0).encode(lab.version)).await;
    client.is_cut_off_unanswered(&[0x95]).await;
    watcher.hears_nothing().await;
}

/// Of any broker: its header alone says that the packet will be too large, where a limit was announced.
async fn larger_packets_than_announced_end_the_connection(lab: Lab) {
    let (mut client, limit) = announced(&lab).await;
    let Some(limit) = limit.filter(|limit| *limit <= 4 << 20) else { return };
    let topic = text(lab.topic("a").as_bytes());
    let body = [&topic[..], &[0], &vec![b'x'; limit]].concat();
    client.send(&frame(0x30, &body)).await;
    client.is_cut_off_unanswered(&[0x95]).await;
}
