//! Tests that every transport carries an ordered, lossless byte stream, that packets may be split at any byte, and that
//! a basic client needs no extension.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Subscribe};

cases! {
    a_stream_arrives_in_order_and_whole: "MQTT5-4.2.0-1", "MQTT3-7.1.1-1";
    packets_may_be_split_anywhere: "MQTT5-4.2.0-1", "MQTT3-7.1.1-1";
    a_plain_client_needs_no_extension: "MQTT3-7.0.0-2";
}

async fn a_stream_arrives_in_order_and_whole(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 1).await;
    let mut publisher = harness.client("two").await;
    // The payload sizes are near the sizes of TCP segments, TLS records, WebSocket frames and buffers.
    for (number, len) in (1..).zip([1, 1400, 1500, 4096, 16_384, 16_385, 65_535, 65_536, 200_000]) {
        let payload: Vec<u8> = (0..len).map(|index: u32| (index % 251) as u8).collect();
        publisher.publish(&topic, &payload, 1).await;
        assert_eq!(client.receive().await.payload, payload, "message {number} of {len} bytes");
    }
    let many: Vec<u8> = (1..=200_u16)
        .flat_map(|id| Publish::new(&topic, id.to_be_bytes()).qos(1, id).encode(harness.version))
        .collect();
    publisher.send(&many).await;
    for id in 1..=200_u16 {
        publisher.expect_ack(PacketType::PubAck, id).await;
        assert_eq!(client.receive().await.payload, id.to_be_bytes());
    }
}

async fn packets_may_be_split_anywhere(harness: Harness) {
    let topic = harness.topic("a");
    let builder = harness.connect("one");
    let bytes = [
        builder.connect.encode(),
        Subscribe::new(1).filter(&topic, 1).encode(harness.version),
        Publish::new(&topic, "x".repeat(200)).encode(harness.version),
        vec![0xC0, 0],
    ]
    .concat();
    for size in [1, 2, 3, 7, bytes.len()] {
        let mut chunks = bytes.chunks(size);
        let mut client = harness.connect("one").send_bytes(chunks.next().expect("a chunk")).await;
        for chunk in chunks {
            client.send(chunk).await;
        }
        assert_eq!(client.next().await.packet_type, PacketType::ConnAck);
        client.expect_ack(PacketType::SubAck, 1).await;
        assert_eq!(client.next_message().await.payload, "x".repeat(200).as_bytes());
        client.next_of(PacketType::PingResp).await;
        client.disconnect().await;
    }
}

/// The client uses only features that MQTT 3.1.1 defines.
async fn a_plain_client_needs_no_extension(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 2).await;
    for qos in 0..3 {
        client.publish(&topic, [qos], qos).await;
        let message = client.receive().await;
        assert_eq!((message.payload.as_slice(), message.qos), (&[qos][..], qos));
    }
    client.unsubscribe(&topic).await;
    client.publish(&topic, "x", 1).await;
    client.expect_no_message().await;
    client.disconnect().await;
}
