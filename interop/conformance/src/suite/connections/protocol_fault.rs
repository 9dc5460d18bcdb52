//! Tests that a protocol violation closes the connection on which it arrives, that the broker processes no packet after
//! the violation, and that other connections are not affected.

use super::watcher;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Subscribe, Unsubscribe, ack};

cases! {
    a_fault_ends_only_its_own_connection: "MQTT5-4.13.1-1", "MQTT3-4.8.0-1";
    nothing_after_a_fault_is_processed: "MQTT5-4.13.2-1", "MQTT3-4.8.0-1";
    a_session_survives_a_fault_of_its_client: "MQTT5-4.13.1-1", "MQTT3-4.8.0-1";
    a_refusal_ends_the_connection: "MQTT5-4.13.2-1";
}

fn faulty_packets(harness: &Harness) -> Vec<(Vec<u8>, &'static [u8])> {
    let topic = harness.topic("a");
    let connack = if harness.is_v5() { vec![0x20, 3, 0, 0, 0] } else { vec![0x20, 2, 0, 0] };
    vec![
        (vec![0xC1, 0], &[0x81, 0x82]),
        (vec![0x00, 0], &[0x81, 0x82]),
        (vec![0xD0, 0], &[0x82, 0x81]),
        (connack, &[0x82, 0x81]),
        (vec![0xC0, 1, 0], &[0x81, 0x82]),
        (ack(0x40, 0, 0), &[0x82, 0x81]),
        (Publish::new(harness.topic("+"), "x").encode(harness.version), &[0x90, 0x82, 0x81]),
        (Publish::new(&topic, "x").qos(3, 1).encode(harness.version), &[0x81, 0x82]),
        (Subscribe::new(1).encode(harness.version), &[0x82, 0x81]),
        (Subscribe::new(1).filter(&topic, 3).encode(harness.version), &[0x82, 0x81]),
        (Unsubscribe::new(1).encode(harness.version), &[0x82, 0x81]),
        (harness.connect("broken").connect.encode(), &[0x82]),
    ]
}

async fn a_fault_ends_only_its_own_connection(harness: Harness) {
    let topic = harness.topic("live");
    let mut observer = harness.subscriber("observer", &topic, 1).await;
    for (bytes, codes) in faulty_packets(&harness) {
        super::expect_close_after(&harness, &bytes, codes).await;
        observer.publish(&topic, "echo", 1).await;
        assert_eq!(observer.receive().await.payload, b"echo");
    }
}

async fn nothing_after_a_fault_is_processed(harness: Harness) {
    let topic = harness.topic("a");
    let mut observer = watcher(&harness).await;
    for (fault, codes) in faulty_packets(&harness) {
        let following = [
            Publish::new(&topic, "stray").encode(harness.version),
            Publish::new(&topic, "stray").retain().qos(1, 8).encode(harness.version),
            Subscribe::new(9).filter(&topic, 1).encode(harness.version),
            vec![0xC0, 0],
        ];
        let mut client = harness.client("broken").await;
        client.send(&[fault, following.concat()].concat()).await;
        let packets = client.expect_close(codes).await;
        assert!(packets.is_empty(), "answers to packets after the fault: {packets:?}");
    }
    observer.expect_no_message().await;
    harness.subscriber("late", &topic, 1).await.expect_no_message().await;
}

/// The broker processes the packets before the fault, and the next connection resumes the session.
async fn a_session_survives_a_fault_of_its_client(harness: Harness) {
    let topic = harness.topic("a");
    let mut observer = harness.subscriber("observer", harness.topic("b"), 1).await;
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 1).await;
    let before = Publish::new(harness.topic("b"), "before").qos(1, 7).encode(harness.version);
    client.send(&[before, vec![0xC1, 0]].concat()).await;
    let packets = client.expect_close(&[0x81, 0x82]).await;
    assert!(packets.iter().all(|packet| packet.packet_type == PacketType::PubAck), "{packets:?}");
    assert_eq!(observer.receive().await.payload, b"before");
    observer.publish(&topic, "kept", 1).await;
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    assert_eq!(client.receive().await.payload, b"kept");
}

/// After a refusing CONNACK, and after a DISCONNECT from the client, the broker closes the connection and does not
/// process further packets.
async fn a_refusal_ends_the_connection(harness: Harness) {
    let mut observer = watcher(&harness).await;
    let publish = Publish::new(harness.topic("a"), "stray").encode(harness.version);
    let (builder, codes) = super::unacceptable_connect(&harness, "one");
    let bytes = [builder.connect.encode(), publish.clone()].concat();
    builder.expect_bytes_refused(&bytes, codes).await;
    let mut client = harness.client("one").await;
    client.send(&[vec![0xE0, 1, 0x82], publish].concat()).await;
    assert!(client.wait_for_end().await.is_empty());
    observer.expect_no_message().await;
}
