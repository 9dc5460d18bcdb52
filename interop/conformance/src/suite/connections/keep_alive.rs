//! Keep alive: a silent client is cut off after one and a half times the interval.

use std::time::{Duration, Instant};

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Subscribe, Will, property};

cases! {
    a_silent_client_is_cut_off_after_one_and_a_half_keep_alives: "MQTT5-3.1.2-22", "MQTT5-3.1.2-8", "MQTT5-3.2.2-22", "MQTT3-3.1.2-24", "MQTT3-3.1.2-8", "TRAP5-104";
    a_silent_client_is_cut_off_in_time: "MQTT5-3.1.2-22", "MQTT5-3.2.2-22", "MQTT3-3.1.2-24";
    a_keep_alive_of_zero_never_ends: "MQTT5-3.1.2-22", "MQTT5-3.2.2-22", "MQTT3-3.1.2-24";
    any_packet_keeps_the_connection_alive: "MQTT5-3.1.2-22", "MQTT3-3.1.2-24";
    the_server_keep_alive_is_the_one_in_force [SHORT]: "MQTT5-3.1.2-22", "TRAP5-104";
    no_server_keep_alive_is_sent_without_need [SHORT]: "MQTT5-3.2.2-22", "TRAP5-104";
    bytes_of_an_incomplete_packet_do_not_count [OWN]: "TRAP5-105", "TRAP3-105";
}

async fn a_silent_client_is_cut_off_after_one_and_a_half_keep_alives(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    let begun = Instant::now();
    let opening = lab.connect("silent").keep_alive(2).will(Will::new(&topic, "gone"));
    let (mut silent, connack) = opening.accepted().await;
    let in_force = connack.properties.get_number(property::SERVER_KEEP_ALIVE).unwrap_or(2);
    silent.is_cut_off_unanswered(&[0x8D]).await;
    let due = Duration::from_millis(u64::from(in_force) * 1500);
    assert!(begun.elapsed() >= due, "after {:?}", begun.elapsed());
    assert_eq!(watcher.receive().await.payload, b"gone");
}

/// One and a half times 2 s are over well before 8 s are.
async fn a_silent_client_is_cut_off_in_time(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    let _silent = lab.connect("silent").keep_alive(2).will(Will::new(&topic, "gone")).open().await;
    lab.pass(8).await;
    watcher.ping().await;
    assert!(watcher.has(Kind::Publish), "it is still there");
}

async fn a_keep_alive_of_zero_never_ends(lab: Lab) {
    let (mut endless, connack) = lab.connect("endless").keep_alive(0).accepted().await;
    if connack.properties.has(property::SERVER_KEEP_ALIVE) {
        return lab.not_offered("connection without keep alive");
    }
    let mut silent = lab.connect("silent").keep_alive(1).open().await;
    silent.is_cut_off(&[0x8D]).await;
    lab.pass(3).await;
    endless.ping().await;
}

/// Four packets that are no PINGREQ, 2 s apart, are 8 s with a keep alive of 5 s, which ends after 7.5 s.
async fn any_packet_keeps_the_connection_alive(lab: Lab) {
    let topic = lab.topic("a");
    let (mut client, connack) = lab.connect("one").keep_alive(5).accepted().await;
    assert_eq!(connack.properties.get_number(property::SERVER_KEEP_ALIVE).unwrap_or(5), 5);
    lab.pass(2).await;
    client.send(&Publish::new(&topic, "x").encode(lab.version)).await;
    lab.pass(2).await;
    client.send(&Subscribe::new(1).filter(&topic, 1).encode(lab.version)).await;
    client.answer(Kind::SubAck, 1).await;
    lab.client("other").await.publish(&topic, "x", 1).await;
    lab.pass(2).await;
    client.receive().await; // PUBACK
    lab.pass(2).await;
    client.ping().await;
}

async fn the_server_keep_alive_is_the_one_in_force(lab: Lab) {
    for asked in [60, 0] {
        let begun = Instant::now();
        let (mut client, connack) = lab.connect("one").keep_alive(asked).accepted().await;
        assert_eq!(connack.properties.get_number(property::SERVER_KEEP_ALIVE), Some(2));
        client.is_cut_off_unanswered(&[0x8D]).await;
        assert!(begun.elapsed() >= Duration::from_secs(3), "after {:?}", begun.elapsed());
    }
}

async fn no_server_keep_alive_is_sent_without_need(lab: Lab) {
    let (mut client, connack) = lab.connect("one").keep_alive(1).accepted().await;
    assert!(!connack.properties.has(property::SERVER_KEEP_ALIVE));
    let begun = Instant::now();
    client.is_cut_off_unanswered(&[0x8D]).await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "after {:?}", begun.elapsed());
}

async fn bytes_of_an_incomplete_packet_do_not_count(lab: Lab) {
    let topic = lab.topic("will");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    let will = Will::new(&topic, "gone");
    let mut client = lab.connect("slow").keep_alive(2).will(will).open().await;
    let publish = Publish::new(lab.topic("a"), vec![0; 100]).encode(lab.version);
    // A byte each second: each would come in time.
    for byte in &publish[..6] {
        client.send(&[*byte]).await;
        lab.pass(1).await;
    }
    watcher.ping().await;
    assert!(watcher.has(Kind::Publish), "the will is out, though bytes came all the time");
    client.wait_for_end().await;
}
