//! Tests that a second connection with the same client identifier takes over the session, and that the broker closes
//! the first connection.

use super::watcher;
use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Version, Will, ack};

cases! {
    a_new_connection_ends_the_old_one: "MQTT5-3.1.4-3", "MQTT3-3.1.4-2", "TRAP5-63";
    a_takeover_publishes_the_will: "MQTT5-3.1.2-8", "MQTT5-3.1.4-3", "MQTT3-3.1.2-8", "MQTT3-3.1.4-2", "TRAP5-51", "TRAP5-52", "TRAP3-52";
    a_takeover_in_time_cancels_a_delayed_will: "MQTT5-3.1.3-9", "MQTT5-3.1.4-3";
    a_clean_start_discards_the_session_of_a_live_connection: "MQTT5-3.1.4-4", "MQTT5-3.1.2-4", "MQTT5-3.2.2-2", "MQTT3-3.1.4-3", "MQTT3-3.1.2-6", "MQTT3-3.2.2-1", "TRAP5-103", "TRAP3-103";
    connecting_without_clean_start_takes_over_a_live_session: "MQTT5-3.1.4-4", "MQTT5-3.1.2-5", "MQTT5-3.2.2-3", "MQTT3-3.1.4-3", "MQTT3-3.1.2-4", "MQTT3-3.2.2-2";
    packets_from_the_old_connection_are_ignored: "MQTT5-3.1.4-3", "TRAP5-64", "TRAP3-64";
    many_takeovers_leave_one_connection_and_publish_the_wills_of_the_rest: "MQTT5-3.1.4-3", "MQTT3-3.1.4-2", "TRAP5-64", "TRAP3-64";
    a_takeover_works_across_versions: "MQTT5-3.1.4-3", "MQTT3-3.1.4-2";
}

async fn a_new_connection_ends_the_old_one(harness: Harness) {
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut old = harness.connect("one").clean(first).expiry(60).open().await;
        old.ping().await;
        let mut new = harness.connect("one").clean(second).open().await;
        old.expect_disconnect_reason(0x8E).await;
        new.ping().await;
        new.disconnect().await;
    }
}

async fn a_takeover_publishes_the_will(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        let builder = harness.connect("one").clean(first).will(Will::new(&topic, "old"));
        let mut old = if first { builder } else { builder.expiry(60) }.open().await;
        let new = harness.connect("one").clean(second).will(Will::new(&topic, "new")).open().await;
        old.expect_close(&[0x8E]).await;
        assert_eq!(watcher.receive().await.payload, b"old");
        harness.expect_no_will(&mut watcher).await;
        new.disconnect().await;
        harness.expect_no_will(&mut watcher).await;
    }
}

async fn a_takeover_in_time_cancels_a_delayed_will(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &topic, 1).await;
    let delayed = || harness.connect("one").will(Will::new(&topic, "old").delay(1));
    let mut old = delayed().persistent().open().await;
    let mut new = harness.connect("one").persistent().open().await;
    old.expect_close(&[0x8E]).await;
    harness.wait_by_broker_clock(2).await;
    watcher.expect_no_message().await;
    new.ping().await;
    new.disconnect().await;
    // A clean start ends the session, so the broker publishes the will at once.
    let will = Will::new(&topic, "old").delay(600);
    let mut old = harness.connect("one").persistent().will(will).open().await;
    let _new = harness.connect("one").open().await;
    old.expect_close(&[0x8E]).await;
    assert_eq!(watcher.receive().await.payload, b"old");
}

async fn a_clean_start_discards_the_session_of_a_live_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut old = harness.connect("one").persistent().open().await;
    old.subscribe(&topic, 1).await;
    let mut other = harness.client("other").await;
    other.publish(&topic, "open", 1).await;
    old.next_message().await;
    let (mut new, connack) = harness.connect("one").expiry(60).open_with_connack().await;
    assert!(!connack.session_present);
    old.expect_close(&[0x8E]).await;
    other.publish(&topic, "live", 1).await;
    new.expect_no_message().await;
}

async fn connecting_without_clean_start_takes_over_a_live_session(harness: Harness) {
    let topic = harness.topic("a");
    let mut old = harness.connect("one").persistent().open().await;
    old.subscribe(&topic, 2).await;
    let mut other = harness.client("other").await;
    other.publish(&topic, "open", 1).await;
    let open = old.next_message().await;
    let (mut new, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    old.expect_close(&[0x8E]).await;
    let again = new.receive().await;
    assert_eq!((again.id, again.dup, again.payload.as_slice()), (open.id, true, &b"open"[..]));
    other.publish(&topic, "live", 2).await;
    assert_eq!(new.receive().await.payload, b"live");
}

/// After the new connection has received its CONNACK, the broker ignores PUBLISH packets and acknowledgements from the
/// old connection.
async fn packets_from_the_old_connection_are_ignored(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", harness.topic("stray"), 1).await;
    let mut old = harness.connect("one").persistent().open().await;
    old.subscribe(&topic, 1).await;
    let mut other = harness.client("other").await;
    other.publish(&topic, "open", 1).await;
    let open = old.next_message().await;
    let mut new = harness.connect("one").persistent().open().await;
    let stray = Publish::new(harness.topic("stray"), "stray").qos(1, 1).encode(harness.version);
    old.send(&[ack(0x40, open.id, 0), stray, vec![0xE0, 0]].concat()).await;
    old.wait_for_end().await;
    assert_eq!(new.next_message().await.id, open.id);
    // The message is still in flight, so a third connection of the client gets the message again.
    new.drop_connection().await;
    let mut third = harness.connect("one").persistent().open().await;
    assert_eq!(third.receive().await.id, open.id);
    watcher.expect_no_message().await;
    third.ping().await;
}

async fn many_takeovers_leave_one_connection_and_publish_the_wills_of_the_rest(harness: Harness) {
    let topic = harness.topic("will");
    let mut watcher = watcher(&harness).await;
    let mut clients: Vec<Client> = Vec::new();
    // Each client connects without waiting until the broker has closed the connection of the previous client.
    for number in 0..CLIENT_COUNT {
        clients
            .push(harness.connect("one").persistent().will(Will::new(&topic, [number]).qos(1)).open().await);
    }
    let mut last = clients.pop().expect("the last client");
    for mut client in clients {
        client.expect_close_without_answer(&[0x8E]).await;
    }
    let mut wills = Vec::new();
    for _ in 1..CLIENT_COUNT {
        wills.extend(watcher.receive().await.payload);
    }
    wills.sort_unstable();
    assert_eq!(wills, Vec::from_iter(0..CLIENT_COUNT - 1), "one will for each closed connection");
    harness.expect_no_will(&mut watcher).await;
    last.subscribe(harness.topic("a"), 1).await;
    last.publish(harness.topic("a"), "echo", 1).await;
    assert_eq!(last.receive().await.payload, b"echo");
}

async fn a_takeover_works_across_versions(harness: Harness) {
    let topic = harness.topic("a");
    let other = if harness.is_v5() { Version::V3 } else { Version::V5 };
    let mut old = harness.connect("one").persistent().open().await;
    old.subscribe(&topic, 1).await;
    let (mut new, connack) = harness.connect("one").version(other).persistent().open_with_connack().await;
    assert!(connack.session_present, "both protocol versions share one session");
    old.expect_close_without_answer(&[0x8E]).await;
    new.publish(&topic, "echo", 1).await;
    let message = new.receive().await;
    assert_eq!((message.packet_type, message.payload.as_slice()), (PacketType::Publish, &b"echo"[..]));
}

const CLIENT_COUNT: u8 = 12;
