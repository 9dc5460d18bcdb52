//! Tests DISCONNECT from the client: its effect on the will, and invalid forms of the packet.

use crate::case::cases;
use crate::client::{Client, MALFORMED};
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Will, packet_with_body};

cases! {
    disconnect_with_wrong_flags_is_malformed: "MQTT5-3.14.1-1", "MQTT3-3.14.1-1";
    disconnect_with_an_unlisted_reason_is_malformed: "MQTT5-3.14.2-1";
    disconnect_deletes_the_will: "MQTT5-3.14.4-3", "MQTT3-3.14.4-3";
    disconnect_with_a_reason_other_than_0_publishes_the_will: "MQTT5-3.14.4-3";
    nothing_after_disconnect_is_processed: "MQTT5-3.14.4-1", "MQTT3-3.14.4-2";
    the_broker_closes_after_disconnect: "MQTT5-3.14.4-2", "MQTT3-3.14.4-1";
}

/// Connects a client with a will, and a subscriber to the topic of the will.
async fn client_and_watcher(harness: &Harness) -> (Client, Client) {
    let topic = harness.topic("will");
    let watcher = harness.subscriber("watcher", &topic, 1).await;
    let client = harness.connect("one").will(Will::new(&topic, "gone").qos(1)).open().await;
    (client, watcher)
}

async fn disconnect_with_wrong_flags_is_malformed(harness: Harness) {
    for first in [0xE1, 0xE2, 0xE4, 0xE8, 0xEF] {
        let (mut client, mut watcher) = client_and_watcher(&harness).await;
        client.send(&[first, 0]).await;
        client.expect_close_without_answer(MALFORMED).await;
        assert_eq!(
            watcher.receive().await.payload,
            b"gone",
            "the malformed DISCONNECT does not discard the will"
        );
        watcher.disconnect().await;
    }
}

async fn disconnect_with_an_unlisted_reason_is_malformed(harness: Harness) {
    // The codes are not defined, belong to other packet types, or are above the last defined code.
    for code in [0x05, 0x01, 0x10, 0x92, 0xA3, 0xFF] {
        let (mut client, mut watcher) = client_and_watcher(&harness).await;
        client.send(&[0xE0, 1, code]).await;
        client.expect_close_without_answer(MALFORMED).await;
        assert_eq!(
            watcher.receive().await.payload,
            b"gone",
            "DISCONNECT with {code:#04x} does not discard the will"
        );
        watcher.disconnect().await;
    }
}

async fn disconnect_deletes_the_will(harness: Harness) {
    let forms: &[&[u8]] = if harness.is_v5() { &[&[], &[0], &[0, 0]] } else { &[&[]] };
    for form in forms {
        let (mut client, mut watcher) = client_and_watcher(&harness).await;
        client.send(&packet_with_body(0xE0, form)).await;
        assert!(client.wait_for_end().await.is_empty(), "closed without sending a packet");
        harness.expect_no_will(&mut watcher).await;
        watcher.disconnect().await;
    }
    // The will is also discarded if the session continues after DISCONNECT and ends later.
    let topic = harness.topic("later");
    let mut watcher = harness.subscriber("watcher", &topic, 1).await;
    let client = harness.connect("two").clean(false).expiry(1).will(Will::new(&topic, "gone")).open().await;
    client.disconnect().await;
    harness.wait_by_broker_clock(2).await;
    harness.expect_no_will(&mut watcher).await;
}

async fn disconnect_with_a_reason_other_than_0_publishes_the_will(harness: Harness) {
    for code in [0x04, 0x80, 0x81, 0x8D] {
        let (mut client, mut watcher) = client_and_watcher(&harness).await;
        client.send(&[0xE0, 1, code]).await;
        client.expect_close(&[]).await;
        assert_eq!(watcher.receive().await.payload, b"gone", "DISCONNECT with {code:#04x}");
        watcher.disconnect().await;
    }
}

async fn nothing_after_disconnect_is_processed(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 1).await;
    for qos in 0..=1 {
        let mut client = harness.client("one").await;
        let late = Publish::new(&topic, "late").qos(qos, u16::from(qos)).encode(harness.version);
        client.send(&[&[0xE0, 0], &*late, &[0xC0, 0]].concat()).await;
        let answers = client.wait_for_end().await;
        assert!(answers.iter().all(|answer| answer.packet_type == PacketType::Disconnect), "{answers:?}");
        watcher.expect_no_message().await;
    }
}

async fn the_broker_closes_after_disconnect(harness: Harness) {
    let mut client = harness.client("one").await;
    client.send(&[0xE0, 0]).await;
    // The client does not close its side, so the broker has to close the connection.
    assert!(client.wait_for_end().await.is_empty(), "closed without sending a packet");
}
