//! Tests acknowledgements to a client with a small Maximum Packet Size: the broker omits a reason string or user
//! properties that do not fit.

use crate::case::cases;
use crate::client::ConnectBuilder;
use crate::harness::Harness;
use crate::wire::{Packet, PacketType, Publish, property};

cases! {
    puback_fits_the_clients_maximum: "MQTT5-3.4.2-2", "MQTT5-3.4.2-3", "TRAP5-98";
    pubrec_fits_the_clients_maximum: "MQTT5-3.5.2-2", "MQTT5-3.5.2-3", "TRAP5-98";
    pubrel_fits_the_clients_maximum: "MQTT5-3.6.2-2", "MQTT5-3.6.2-3", "TRAP5-98";
    pubcomp_fits_the_clients_maximum: "MQTT5-3.7.2-2", "MQTT5-3.7.2-3", "TRAP5-98";
}

async fn puback_fits_the_clients_maximum(harness: Harness) {
    let mut publisher = with_tiny_maximum(&harness).open().await;
    for topic in ["$x/a".to_owned(), harness.topic("a")] {
        publisher.send_publish(&Publish::new(&topic, "x").qos(1, 1)).await;
        assert_fits(&publisher.next_of(PacketType::PubAck).await);
    }
}

async fn pubrec_fits_the_clients_maximum(harness: Harness) {
    let mut publisher = with_tiny_maximum(&harness).open().await;
    for (topic, id) in [("$x/a".to_owned(), 1), (harness.topic("a"), 2)] {
        publisher.send_publish(&Publish::new(&topic, "x").qos(2, id)).await;
        assert_fits(&publisher.next_of(PacketType::PubRec).await);
    }
}

async fn pubrel_fits_the_clients_maximum(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = with_tiny_maximum(&harness).open().await;
    subscriber.subscribe(&topic, 2).await;
    harness.client("publisher").await.publish(&topic, "x", 2).await;
    let id = subscriber.next_message().await.id;
    subscriber.send_ack(0x50, id, 0).await;
    assert_fits(&subscriber.next_of(PacketType::PubRel).await);
    subscriber.send_ack(0x50, id + 1, 0).await;
    subscriber.ping().await;
    subscriber.drain(PacketType::PubRel).iter().for_each(assert_fits);
}

async fn pubcomp_fits_the_clients_maximum(harness: Harness) {
    let mut publisher = with_tiny_maximum(&harness).open().await;
    for id in [1, 2, 65_535] {
        publisher.send_ack(0x62, id, 0).await;
        assert_fits(&publisher.next_of(PacketType::PubComp).await);
    }
}

/// Builds the CONNECT of a client whose Maximum Packet Size leaves little room for a reason string or user properties.
fn with_tiny_maximum(harness: &Harness) -> ConnectBuilder<'_> {
    harness.connect("tiny").number(property::MAXIMUM_PACKET_SIZE, SMALL_PACKET_SIZE_MAX)
}

/// A Maximum Packet Size, in bytes, that is just large enough for CONNACK and for a short PUBLISH.
const SMALL_PACKET_SIZE_MAX: u32 = 32;

fn assert_fits(packet: &Packet) {
    let size = u32::try_from(packet.bytes.len()).expect("a size");
    assert!(size <= SMALL_PACKET_SIZE_MAX, "{:?} of {size} bytes", packet.packet_type);
}
