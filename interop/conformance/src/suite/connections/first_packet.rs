//! Tests the first packets of a connection: the client sends exactly one CONNECT, and the broker sends CONNACK before
//! any other packet.

use super::watcher;
use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Subscribe, Will, packet_from_parts};

cases! {
    a_first_packet_other_than_connect_ends_the_connection: "MQTT5-3.1.0-1", "MQTT3-3.1.0-1";
    a_second_connect_ends_the_connection: "MQTT5-3.1.0-2", "MQTT5-3.2.0-2", "MQTT3-3.1.0-2";
    connack_comes_before_queued_messages: "MQTT5-3.2.0-1", "MQTT3-3.2.0-1";
    connack_comes_before_answers_to_packets_sent_with_connect: "MQTT5-3.2.0-1", "MQTT3-3.2.0-1";
    a_connection_gets_one_connack: "MQTT5-3.2.0-2";
    an_incomplete_connect_times_out [SHORT_CONNECT_TIMEOUT]: "TRAP5-111", "TRAP3-111";
}

async fn a_first_packet_other_than_connect_ends_the_connection(harness: Harness) {
    let mut observer = watcher(&harness).await;
    let topic = harness.topic("a");
    let connect = harness.connect("one").connect.encode();
    let firsts = [
        vec![0xC0, 0],
        vec![0xE0, 0],
        Publish::new(&topic, "stray").encode(harness.version),
        Publish::new(&topic, "stray").retain().qos(1, 1).encode(harness.version),
        Subscribe::new(1).filter(&topic, 0).encode(harness.version),
    ];
    for first in firsts {
        // The broker closes the connection without an answer, even if a valid CONNECT follows.
        harness.connect("one").expect_bytes_refused(&first, &[]).await;
        harness.connect("one").expect_bytes_refused(&[first, connect.clone()].concat(), &[]).await;
    }
    observer.expect_no_message().await;
}

async fn a_second_connect_ends_the_connection(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    let will = || Will::new(&topic, "gone");
    // The client sends a second CONNECT after the CONNACK, once with the same and once with another client identifier.
    for again in ["one", "two"] {
        let mut client = harness.connect("one").will(will()).open().await;
        client.send(&harness.connect(again).connect.encode()).await;
        client.expect_close_without_answer(&[0x82]).await;
        assert_eq!(watcher.receive().await.payload, b"gone");
    }
    // The client sends two CONNECT packets in one write. The broker answers only the first CONNECT, and does not
    // process the PUBLISH after the second CONNECT.
    let connect = harness.connect("one").will(will()).connect.encode();
    let publish = Publish::new(harness.topic("a"), "stray").encode(harness.version);
    let mut client = harness.connect("one").send_bytes(&[connect.clone(), connect, publish].concat()).await;
    assert_eq!(client.next().await.packet_type, PacketType::ConnAck);
    client.expect_close_without_answer(&[0x82]).await;
    assert_eq!(watcher.receive().await.payload, b"gone");
    watcher.expect_no_message().await;
}

async fn connack_comes_before_queued_messages(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    // When the client reconnects, one message is in flight and ten others are queued.
    publisher.publish(&topic, "open", 1).await;
    client.next_message().await;
    client.drop_connection().await;
    for number in 0..10 {
        publisher.publish(&topic, [number], 1 + number % 2).await;
    }
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    for _ in 0..11 {
        client.receive().await;
    }
}

async fn connack_comes_before_answers_to_packets_sent_with_connect(harness: Harness) {
    let topic = harness.topic("a");
    harness.client("publisher").await.publish_retained(&topic, "kept", 1).await;
    let bytes = [
        harness.connect("one").connect.encode(),
        Subscribe::new(1).filter(&topic, 1).encode(harness.version),
        Publish::new(&topic, "live").qos(1, 2).encode(harness.version),
        vec![0xC0, 0],
    ];
    let mut client = harness.connect("one").send_bytes(&bytes.concat()).await;
    assert_eq!(client.next().await.packet_type, PacketType::ConnAck, "the first packet");
    for packet_type in [PacketType::SubAck, PacketType::PubAck, PacketType::PingResp] {
        client.next_of(packet_type).await;
    }
    let mut payloads = vec![client.next_message().await.payload, client.next_message().await.payload];
    payloads.sort();
    assert_eq!(payloads, [b"kept", b"live"]);
}

async fn a_connection_gets_one_connack(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 2).await;
    for qos in 0..3 {
        client.publish(&topic, "x", qos).await;
        client.receive().await;
    }
    client.unsubscribe(&topic).await;
    client.ping().await;
    assert!(!client.has_received(PacketType::ConnAck), "CONNACK after other exchanges");
    // The client asks for re-authentication, although it did not use enhanced authentication in CONNECT.
    client.send(&packet_from_parts(0xF0, &[&[0x19, 0]])).await;
    let packets = client.expect_close(&[0x82, 0x81]).await;
    assert!(packets.iter().all(|packet| packet.packet_type != PacketType::ConnAck), "{packets:?}");
}

async fn an_incomplete_connect_times_out(harness: Harness) {
    let connect = harness.connect("one").connect.encode();
    let mut clients = vec![harness.connect_transport("silent", harness.version).await];
    for len in [1, 2, connect.len() - 1] {
        clients.push(harness.connect("one").send_bytes(&connect[..len]).await);
    }
    for mut client in clients {
        assert!(client.wait_for_end().await.is_empty(), "closed without sending a packet");
    }
}
