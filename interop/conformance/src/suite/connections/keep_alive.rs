//! Tests that the broker closes a connection on which it receives no packet for one and a half times the keep alive.

use std::time::{Duration, Instant};

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Subscribe, Will, property};

cases! {
    a_silent_client_is_disconnected_after_one_and_a_half_keep_alives: "MQTT5-3.1.2-22", "MQTT5-3.1.2-8", "MQTT5-3.2.2-22", "MQTT3-3.1.2-24", "MQTT3-3.1.2-8", "TRAP5-104";
    a_silent_client_is_disconnected_in_time: "MQTT5-3.1.2-22", "MQTT5-3.2.2-22", "MQTT3-3.1.2-24";
    a_keep_alive_of_zero_never_times_out: "MQTT5-3.1.2-22", "MQTT5-3.2.2-22", "MQTT3-3.1.2-24";
    any_packet_keeps_the_connection_alive: "MQTT5-3.1.2-22", "MQTT3-3.1.2-24";
    the_server_keep_alive_replaces_the_clients [SHORT_LIMITS]: "MQTT5-3.1.2-22", "TRAP5-104";
    no_server_keep_alive_is_sent_when_the_clients_is_accepted [SHORT_LIMITS]: "MQTT5-3.2.2-22", "TRAP5-104";
    bytes_of_an_incomplete_packet_do_not_count [TIDEGATE_ONLY]: "TRAP5-105", "TRAP3-105";
}

async fn a_silent_client_is_disconnected_after_one_and_a_half_keep_alives(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    let started = Instant::now();
    let builder = harness.connect("silent").keep_alive(2).will(Will::new(&topic, "gone"));
    let (mut silent, connack) = builder.open_with_connack().await;
    let in_force = connack.properties.get_number(property::SERVER_KEEP_ALIVE).unwrap_or(2);
    silent.expect_close_without_answer(&[0x8D]).await;
    let expected = Duration::from_millis(u64::from(in_force) * 1500);
    assert!(started.elapsed() >= expected, "after {:?}", started.elapsed());
    assert_eq!(watcher.receive().await.payload, b"gone");
}

/// The broker has to close the connection after one and a half times the keep alive of 2 s. The test waits 8 s.
async fn a_silent_client_is_disconnected_in_time(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    let _silent = harness.connect("silent").keep_alive(2).will(Will::new(&topic, "gone")).open().await;
    harness.wait_by_broker_clock(8).await;
    watcher.ping().await;
    assert!(watcher.has_received(PacketType::Publish), "the client is still connected");
}

async fn a_keep_alive_of_zero_never_times_out(harness: Harness) {
    let (mut endless, connack) = harness.connect("endless").keep_alive(0).open_with_connack().await;
    if connack.properties.has(property::SERVER_KEEP_ALIVE) {
        return harness.assert_optional_feature("a connection without keep alive");
    }
    let mut silent = harness.connect("silent").keep_alive(1).open().await;
    silent.expect_close(&[0x8D]).await;
    harness.wait_by_broker_clock(3).await;
    endless.ping().await;
}

/// With a keep alive of 5 s, a silent connection is closed after 7.5 s. This client stays connected for 8 s by sending
/// a packet other than PINGREQ every 2 s.
async fn any_packet_keeps_the_connection_alive(harness: Harness) {
    let topic = harness.topic("a");
    let (mut client, connack) = harness.connect("one").keep_alive(5).open_with_connack().await;
    assert_eq!(connack.properties.get_number(property::SERVER_KEEP_ALIVE).unwrap_or(5), 5);
    harness.wait_by_broker_clock(2).await;
    client.send(&Publish::new(&topic, "x").encode(harness.version)).await;
    harness.wait_by_broker_clock(2).await;
    client.send(&Subscribe::new(1).filter(&topic, 1).encode(harness.version)).await;
    client.expect_ack(PacketType::SubAck, 1).await;
    harness.client("other").await.publish(&topic, "x", 1).await;
    harness.wait_by_broker_clock(2).await;
    client.receive().await; // Sends PUBACK.
    harness.wait_by_broker_clock(2).await;
    client.ping().await;
}

async fn the_server_keep_alive_replaces_the_clients(harness: Harness) {
    for asked in [60, 0] {
        let started = Instant::now();
        let (mut client, connack) = harness.connect("one").keep_alive(asked).open_with_connack().await;
        assert_eq!(connack.properties.get_number(property::SERVER_KEEP_ALIVE), Some(2));
        client.expect_close_without_answer(&[0x8D]).await;
        assert!(started.elapsed() >= Duration::from_secs(3), "after {:?}", started.elapsed());
    }
}

async fn no_server_keep_alive_is_sent_when_the_clients_is_accepted(harness: Harness) {
    let (mut client, connack) = harness.connect("one").keep_alive(1).open_with_connack().await;
    assert!(!connack.properties.has(property::SERVER_KEEP_ALIVE));
    let started = Instant::now();
    client.expect_close_without_answer(&[0x8D]).await;
    assert!(started.elapsed() >= Duration::from_secs(1), "after {:?}", started.elapsed());
}

async fn bytes_of_an_incomplete_packet_do_not_count(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &topic, 0).await;
    let will = Will::new(&topic, "gone");
    let mut client = harness.connect("slow").keep_alive(2).will(will).open().await;
    let publish = Publish::new(harness.topic("a"), vec![0; 100]).encode(harness.version);
    // The client sends one byte per second. If bytes counted as activity, the connection would stay open.
    for byte in &publish[..6] {
        client.send(&[*byte]).await;
        harness.wait_by_broker_clock(1).await;
    }
    watcher.ping().await;
    assert!(
        watcher.has_received(PacketType::Publish),
        "the broker has published the will, although it received bytes all the time"
    );
    client.wait_for_end().await;
}
