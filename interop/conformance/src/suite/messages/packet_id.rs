//! Tests that the broker skips the packet identifiers still in use after its counter of packet identifiers has wrapped
//! around.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, ack};

cases! {
    no_identifier_in_use_is_reused [TCP_ONLY]: "TRAP5-84", "TRAP3-84", "MQTT5-4.3.2-1", "MQTT5-4.3.3-1", "MQTT3-4.3.2-1", "MQTT3-4.3.3-1";
}

/// Three messages stay in flight, each in another state of its exchange, while the broker uses all other packet
/// identifiers once.
async fn no_identifier_in_use_is_reused(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    let mut in_flight = Vec::new();
    for qos in [1, 2, 2] {
        publisher.publish(&topic, "open", qos).await;
        in_flight.push(subscriber.next_message().await.id);
    }
    subscriber.send_ack(0x50, in_flight[2], 0).await;
    subscriber.expect_ack(PacketType::PubRel, in_flight[2]).await;
    for _ in 0..BATCH_COUNT {
        for id in exchange_batch(&mut publisher, &mut subscriber, &topic).await {
            assert!(!in_flight.contains(&id), "{id} is in use");
        }
    }
    subscriber.send_ack(0x40, in_flight[0], 0).await;
    subscriber.send_ack(0x50, in_flight[1], 0).await;
    subscriber.expect_ack(PacketType::PubRel, in_flight[1]).await;
}

/// Publishes a batch of messages at QoS 1 and completes their delivery. Returns their identifiers.
async fn exchange_batch(publisher: &mut Client, subscriber: &mut Client, topic: &str) -> Vec<u16> {
    let publish = |id| Publish::new(topic, "x").qos(1, id).encode(publisher.version);
    let bytes: Vec<u8> = (1..=BATCH_LEN).flat_map(publish).collect();
    publisher.send(&bytes).await;
    for id in 1..=BATCH_LEN {
        publisher.expect_ack(PacketType::PubAck, id).await;
    }
    let ids: Vec<_> =
        subscriber.next_messages(BATCH_LEN.into()).await.iter().map(|message| message.id).collect();
    let bytes: Vec<u8> = ids.iter().flat_map(|id| ack(0x40, *id, 0)).collect();
    subscriber.send(&bytes).await;
    ids
}

/// The number of messages in a batch. A batch is smaller than the Receive Maximum and the queue limit of any broker
/// under test.
const BATCH_LEN: u16 = 16;
/// The number of batches until every packet identifier has been used once.
const BATCH_COUNT: u32 = 65_536 / 16;
