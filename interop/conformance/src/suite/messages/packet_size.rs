//! Tests Maximum Packet Size in both directions: it limits the size of the whole packet, exactly to the byte.

use crate::case::cases;
use crate::client::{Client, ConnectBuilder};
use crate::harness::Harness;
use crate::wire::{Packet, PacketType, Publish, Subscribe, Unsubscribe, property};

cases! {
    a_message_of_exactly_the_maximum_is_sent: "TRAP5-95";
    an_oversized_message_counts_as_delivered: "TRAP5-97";
    an_oversized_message_does_not_block_the_queue: "TRAP5-97", "TRAP5-48";
    a_message_above_a_lowered_maximum_is_not_resent: "TRAP5-97";
    answers_fit_the_clients_maximum: "TRAP5-98";
    the_brokers_disconnect_fits_the_clients_maximum: "TRAP5-98";
    one_byte_too_many_ends_the_connection [LOW_LIMITS]: "TRAP5-96";
    every_packet_may_have_the_announced_size [LOW_LIMITS]: "TRAP5-99", "TRAP5-96";
}

async fn a_message_of_exactly_the_maximum_is_sent(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    // The maximums are near the packet sizes at which the Remaining Length field needs a second and a third byte.
    for maximum in [60, 129, 130, 131, 132, 200, 16_386, 16_387, 16_388, 16_389] {
        for qos in 0..3 {
            let mut subscriber = limited(&harness, maximum).open().await;
            subscriber.subscribe(&topic, 2).await;
            let mut expected = Vec::new();
            for size in maximum - 3..=maximum + 3 {
                if let Some(publish) = of_size(&harness, &topic, size, qos) {
                    publisher.exchange_publish(publish).await;
                    expected.extend((size <= maximum).then_some(size));
                }
            }
            let messages = subscriber.drain_messages().await;
            let seen: Vec<_> = messages.iter().map(size).collect();
            assert_eq!(
                seen, expected,
                "the sizes of the messages received with a maximum of {maximum} bytes"
            );
            subscriber.disconnect().await;
        }
    }
}

async fn an_oversized_message_counts_as_delivered(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = limited(&harness, 100).number(property::RECEIVE_MAXIMUM, 2).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for round in 0..5 {
        for qos in 0..3 {
            assert!(publisher.publish(&topic, LARGE_PAYLOAD, qos).await < 0x80, "the publish is accepted");
        }
        publisher.publish(&topic, round.to_string(), 1).await;
        subscriber.expect_message(round.to_string()).await;
    }
    for payload in ["one", "two", "three"] {
        publisher.publish(&topic, LARGE_PAYLOAD, 2).await;
        publisher.publish(&topic, payload, 2).await;
    }
    assert_eq!(subscriber.drain_payloads().await, ["one", "two"], "both messages of the quota are available");
}

async fn an_oversized_message_does_not_block_the_queue(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = limited(&harness, 100).persistent().open().await;
    subscriber.subscribe(&topic, 2).await;
    subscriber.disconnect().await;
    let mut publisher = harness.client("publisher").await;
    for (payload, qos) in
        [("one", 1), (LARGE_PAYLOAD, 1), ("two", 2), (LARGE_PAYLOAD, 2), (LARGE_PAYLOAD, 1), ("three", 1)]
    {
        publisher.publish(&topic, payload, qos).await;
    }
    let mut subscriber =
        limited(&harness, 100).number(property::RECEIVE_MAXIMUM, 1).persistent().open().await;
    for payload in ["one", "two", "three"] {
        subscriber.expect_message(payload).await;
    }
    subscriber.expect_no_message().await;
    subscriber.disconnect().await;
    limited(&harness, 1000).persistent().open().await.expect_no_message().await;
}

/// Messages are in flight when a connection with a smaller Maximum Packet Size resumes the session.
async fn a_message_above_a_lowered_maximum_is_not_resent(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.connect("subscriber").persistent().open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for (payload, qos) in [(LARGE_PAYLOAD, 1), ("one", 1), (LARGE_PAYLOAD, 2), ("two", 2)] {
        publisher.publish(&topic, payload, qos).await;
    }
    subscriber.next_messages(4).await;
    subscriber.drop_connection().await;
    let mut subscriber =
        limited(&harness, 100).number(property::RECEIVE_MAXIMUM, 1).persistent().open().await;
    subscriber.expect_message("one").await;
    subscriber.expect_message("two").await;
    publisher.publish(&topic, "three", 1).await;
    subscriber.expect_message("three").await;
}

async fn answers_fit_the_clients_maximum(harness: Harness) {
    let topic = harness.topic("a");
    let (mut client, connack) = limited(&harness, PACKET_SIZE_MAX_FOR_CONNACK).open_with_connack().await;
    let subscribe = Subscribe::new(1).filter(&topic, 0);
    let suback = client.exchange_subscribe(&subscribe).await;
    let unsuback = client.unsubscribe(harness.topic("none")).await;
    client.send_publish(&Publish::new(&topic, "x").qos(1, 3)).await;
    let puback = client.next_of(PacketType::PubAck).await;
    for packet in [connack, suback, unsuback, puback] {
        assert!(
            size(&packet) <= PACKET_SIZE_MAX_FOR_CONNACK,
            "{:?} of {} bytes",
            packet.packet_type,
            size(&packet)
        );
    }
}

async fn the_brokers_disconnect_fits_the_clients_maximum(harness: Harness) {
    let mut client = limited(&harness, PACKET_SIZE_MAX_FOR_CONNACK).open().await;
    client.send_publish(&Publish::new("", "x")).await;
    for packet in client.wait_for_end().await {
        assert_eq!(packet.packet_type, PacketType::Disconnect);
        assert!(size(&packet) <= PACKET_SIZE_MAX_FOR_CONNACK, "DISCONNECT of {} bytes", size(&packet));
    }
}

async fn one_byte_too_many_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    for qos in 0..3 {
        for size in [
            ANNOUNCED_PACKET_SIZE_MAX + 1,
            ANNOUNCED_PACKET_SIZE_MAX + 2,
            ANNOUNCED_PACKET_SIZE_MAX + 3,
            ANNOUNCED_PACKET_SIZE_MAX + 1000,
        ] {
            let mut publisher = harness.client("publisher").await;
            let publish = of_size(&harness, &topic, size, qos).expect("a size that a packet can have");
            publisher.send_publish(&publish).await;
            publisher.expect_close_without_answer(&[0x95]).await;
        }
    }
    watcher.expect_no_message().await;
}

async fn every_packet_may_have_the_announced_size(harness: Harness) {
    let topic = harness.topic("a");
    let (mut client, connack) = harness.connect("client").open_with_connack().await;
    assert_eq!(connack.properties.get_number(property::MAXIMUM_PACKET_SIZE), Some(ANNOUNCED_PACKET_SIZE_MAX));
    for qos in 0..3 {
        let publish =
            of_size(&harness, &topic, ANNOUNCED_PACKET_SIZE_MAX, qos).expect("a size that a packet can have");
        assert!(client.exchange_publish(publish).await < 0x80, "PUBLISH at QoS {qos}");
    }
    // The bytes of SUBSCRIBE besides the filter: fixed header 3, packet identifier 2, property length 1, filter length
    // 2, options 1.
    let filter = |rest: usize| "f".repeat(usize::try_from(ANNOUNCED_PACKET_SIZE_MAX).expect("a size") - rest);
    let subscribe = Subscribe::new(100).filter(filter(9), 0);
    assert_eq!(subscribe.encode(client.version).len(), 1024);
    client.exchange_subscribe(&subscribe).await;
    let unsubscribe = Unsubscribe::new(101).filter(filter(8));
    assert_eq!(unsubscribe.encode(client.version).len(), 1024);
    client.send(&unsubscribe.encode(client.version)).await;
    assert_eq!(client.next_of(PacketType::UnsubAck).await.id, 101);
    exceeds(&harness, &Subscribe::new(100).filter(filter(8), 0).encode(client.version)).await;
    exceeds(&harness, &Unsubscribe::new(100).filter(filter(7)).encode(client.version)).await;
}

async fn exceeds(harness: &Harness, bytes: &[u8]) {
    assert_eq!(bytes.len(), 1025);
    let mut client: Client = harness.client("other").await;
    client.send(bytes).await;
    client.expect_close_without_answer(&[0x95]).await;
}

/// Builds a PUBLISH of `size` bytes in total. Returns `None` if no packet has that size, because the Remaining Length
/// field needs another byte there.
fn of_size(harness: &Harness, topic: &str, size: u32, qos: u8) -> Option<Publish> {
    let size = usize::try_from(size).expect("a size");
    let publish = |len| Publish::new(topic, vec![b'x'; len]).qos(qos, 1);
    (size.saturating_sub(40)..size).map(publish).find(|publish| publish.encode(harness.version).len() == size)
}

fn size(packet: &Packet) -> u32 {
    u32::try_from(packet.bytes.len()).expect("a size")
}

fn limited(harness: &Harness, maximum: u32) -> ConnectBuilder<'_> {
    harness.connect("subscriber").number(property::MAXIMUM_PACKET_SIZE, maximum)
}

/// The Maximum Packet Size that the broker announces with `LOW_LIMITS`.
const ANNOUNCED_PACKET_SIZE_MAX: u32 = 1024;
/// A Maximum Packet Size, in bytes, that is just large enough for CONNACK.
const PACKET_SIZE_MAX_FOR_CONNACK: u32 = 24;
/// A payload of more than 100 bytes.
const LARGE_PAYLOAD: &str = "................................................................................................................";
