//! Tests MQTT over WebSocket: binary frames of any size, and the subprotocol `mqtt`.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Subscribe};

cases! {
    a_text_frame_ends_the_connection [WEB_SOCKET_ONLY]: "MQTT5-6.0.0-1", "MQTT3-6.0.0-1", "TRAP5-115", "TRAP3-115";
    the_broker_sends_binary_frames [WEB_SOCKET_ONLY]: "MQTT5-6.0.0-1", "MQTT3-6.0.0-1";
    packets_may_be_split_over_frames [WEB_SOCKET_ONLY]: "MQTT5-6.0.0-2", "MQTT3-6.0.0-2", "TRAP5-115", "TRAP3-115";
    a_frame_may_hold_many_packets [WEB_SOCKET_ONLY]: "MQTT5-6.0.0-2", "MQTT3-6.0.0-2", "TRAP5-115", "TRAP3-115";
    the_subprotocol_is_mqtt [WEB_SOCKET_ONLY]: "MQTT5-6.0.0-4", "MQTT3-6.0.0-4";
}

async fn a_text_frame_ends_the_connection(harness: Harness) {
    let connect = harness.connect("one").connect.encode();
    let connect = str::from_utf8(&connect).expect("a CONNECT without a byte above 0x7F");
    let mut client = harness.connect_transport("one", harness.version).await;
    client.send_text(connect).await;
    assert!(client.wait_for_end().await.is_empty(), "no answer to a CONNECT in a text frame");
    // After an accepted CONNECT, the broker does not process a packet that arrives in a text frame either.
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    let mut client = harness.client("one").await;
    let publish = Publish::new(&topic, "x").encode(harness.version);
    client.send_text(str::from_utf8(&publish).expect("a PUBLISH without a byte above 0x7F")).await;
    let answers = client.wait_for_end().await;
    assert!(answers.iter().all(|answer| answer.packet_type == PacketType::Disconnect), "{answers:?}");
    watcher.expect_no_message().await;
}

/// The test client of this suite panics when the broker sends a text frame, so every test over WebSocket checks this
/// rule too.
async fn the_broker_sends_binary_frames(harness: Harness) {
    let mut client = harness.subscriber("one", harness.topic("a"), 2).await;
    for qos in 0..=2 {
        client.publish(harness.topic("a"), "plain text", qos).await;
        assert_eq!(client.receive().await.payload, b"plain text");
    }
    client.unsubscribe(harness.topic("a")).await;
}

async fn packets_may_be_split_over_frames(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect_transport("one", harness.version).await;
    let subscribe = Subscribe::new(1).filter(&topic, 0).encode(harness.version);
    let publish = Publish::new(&topic, "x").encode(harness.version);
    // The client sends each byte in a separate frame, and some empty frames.
    for byte in [harness.connect("one").connect.encode(), subscribe, publish.clone()].concat() {
        client.send(&[byte]).await;
        if byte == 0 {
            client.send(&[]).await;
        }
    }
    assert_eq!(client.next().await.packet_type, PacketType::ConnAck);
    client.next_of(PacketType::SubAck).await;
    assert_eq!(client.next_message().await.payload, b"x");
    // The client sends frames that end in the middle of a packet. The next frame continues the packet.
    let stream = publish.repeat(10);
    for piece in stream.chunks(publish.len() * 2 / 3) {
        client.send(piece).await;
    }
    assert_eq!(client.receive_payloads().await, ["x"; 10]);
}

async fn a_frame_may_hold_many_packets(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.connect_transport("one", harness.version).await;
    let mut all = harness.connect("one").connect.encode();
    all.extend(Subscribe::new(1).filter(&topic, 0).encode(harness.version));
    all.extend(Publish::new(&topic, "x").encode(harness.version).repeat(100));
    all.extend([0xC0, 0]);
    client.send(&all).await;
    assert_eq!(client.next().await.packet_type, PacketType::ConnAck);
    client.next_of(PacketType::SubAck).await;
    client.next_of(PacketType::PingResp).await;
    assert_eq!(client.receive_payloads().await, ["x"; 100]);
}

async fn the_subprotocol_is_mqtt(harness: Harness) {
    for offer in ["mqtt", "mqttv3.1, mqtt", "mqtt, mqttv3.1", "chat,mqtt,other"] {
        let (mut client, selected) = harness.web_socket("one", offer).await;
        assert_eq!(selected.as_deref(), Some("mqtt"), "offered: {offer}");
        client.send(&harness.connect("one").connect.encode()).await;
        assert_eq!(client.next().await.packet_type, PacketType::ConnAck);
        client.disconnect().await;
    }
}
