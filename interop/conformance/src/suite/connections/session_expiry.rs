//! Tests how long a session lasts: as long as its connection, and then for its session expiry interval, which
//! DISCONNECT can change.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{PacketType, Properties, Publish, Version, Will, ack, property};

cases! {
    a_session_outlives_its_connection: "MQTT5-3.1.2-23", "MQTT5-3.1.2-5", "MQTT5-3.2.2-3", "MQTT3-3.1.2-4", "MQTT3-3.1.2-5", "MQTT3-3.2.2-2", "MQTT3-4.1.0-1", "TRAP5-62";
    unfinished_publishes_of_the_client_outlive_its_connection: "MQTT5-3.1.2-23", "MQTT3-4.1.0-1", "TRAP5-62";
    a_session_lasts_as_long_as_its_connection: "MQTT5-4.1.0-1", "MQTT3-4.1.0-1", "MQTT3-4.1.0-2";
    a_session_ends_when_its_expiry_interval_has_passed: "MQTT5-4.1.0-2", "MQTT5-3.2.2-3";
    a_clean_session_ends_with_its_connection: "MQTT3-4.1.0-2", "MQTT3-3.1.2-6", "MQTT5-4.1.0-2";
    disconnect_shortens_the_expiry: "MQTT5-4.1.0-2", "TRAP5-59";
    disconnect_lengthens_the_expiry: "MQTT5-4.1.0-2", "TRAP5-59";
    an_expiry_in_disconnect_after_zero_in_connect_is_a_protocol_error: "TRAP5-60";
    without_an_expiry_a_session_ends_with_its_connection: "TRAP5-61", "MQTT5-4.1.0-2", "MQTT5-3.2.2-3";
}

async fn a_session_outlives_its_connection(harness: Harness) {
    let (topic, second) = (harness.topic("a"), harness.topic("b/+"));
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(&topic, 2).await;
    client.subscribe(&second, 1).await;
    let mut other = harness.client("other").await;
    // When the connection ends, the session has one message in each state: sent, received by the client (PUBREC sent),
    // and queued.
    other.publish(&topic, "sent", 1).await;
    let sent = client.next_message().await;
    other.publish(&topic, "received", 2).await;
    let received = client.next_message().await;
    client.send(&ack(0x50, received.id, 0)).await;
    client.expect_ack(PacketType::PubRel, received.id).await;
    client.drop_connection().await;
    other.publish(&topic, "waiting", 2).await;
    other.publish(harness.topic("b/c"), "waiting too", 1).await;
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present);
    let again = client.receive().await;
    assert_eq!((again.id, again.dup, again.payload.as_slice()), (sent.id, true, &b"sent"[..]));
    client.expect_ack(PacketType::PubRel, received.id).await;
    client.send(&ack(0x70, received.id, 0)).await;
    let mut waited = vec![client.receive().await.payload, client.receive().await.payload];
    waited.sort();
    assert_eq!(waited, [&b"waiting"[..], b"waiting too"]);
    client.expect_no_message().await;
}

async fn unfinished_publishes_of_the_client_outlive_its_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    let mut client = harness.connect("one").persistent().open().await;
    client.send(&Publish::new(&topic, "once").qos(2, 7).encode(harness.version)).await;
    client.expect_ack(PacketType::PubRec, 7).await;
    client.drop_connection().await;
    let mut client = harness.connect("one").persistent().open().await;
    client.send(&Publish::new(&topic, "once").qos(2, 7).dup().encode(harness.version)).await;
    client.expect_ack(PacketType::PubRec, 7).await;
    client.send(&ack(0x62, 7, 0)).await;
    assert_eq!(client.expect_ack(PacketType::PubComp, 7).await, 0, "the identifier is known");
    assert_eq!(watcher.receive().await.payload, b"once");
    watcher.expect_no_message().await;
}

async fn a_session_lasts_as_long_as_its_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.subscriber("one", &topic, 2).await;
    let mut other = harness.client("other").await;
    other.publish(&topic, "open", 1).await;
    let open = client.next_message().await;
    client.send(&Publish::new(harness.topic("b"), "").qos(2, 9).encode(harness.version)).await;
    client.expect_ack(PacketType::PubRec, 9).await;
    harness.wait_by_broker_clock(2).await;
    other.publish(&topic, "live", 2).await;
    let live = client.next_message().await;
    assert_ne!(live.id, open.id, "the identifier is in use until it is acknowledged");
    client.acknowledge(&live).await;
    client.acknowledge(&open).await;
    client.send(&ack(0x62, 9, 0)).await;
    assert_eq!(client.expect_ack(PacketType::PubComp, 9).await, 0, "the identifier is known");
    client.expect_no_message().await;
}

/// Closes the connection of a client that has a subscription, waits `wait` seconds, and checks that its session no
/// longer exists.
async fn assert_session_gone(harness: &Harness, client: Client, wait: u32) {
    client.drop_connection().await;
    harness.wait_by_broker_clock(wait).await;
    assert_new_session(harness).await;
}

/// Checks that the client "one" gets a new session, with neither the messages of its earlier session nor the
/// subscription to "a".
async fn assert_new_session(harness: &Harness) {
    let mut other = harness.client("other").await;
    other.publish(harness.topic("a"), "lost", 1).await;
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(!connack.session_present, "the session has ended");
    other.publish(harness.topic("a"), "live", 1).await;
    client.expect_no_message().await;
    client.disconnect_and_end_session().await;
}

impl Client {
    /// Sends DISCONNECT. In 5.0, it sets the session expiry interval to 0, so that the session ends too.
    async fn disconnect_and_end_session(self) {
        let ends_now = Properties::default().number(property::SESSION_EXPIRY, 0);
        self.disconnect_with_expiry(&ends_now).await;
    }

    async fn disconnect_with_expiry(self, expiry: &Properties) {
        if self.version == Version::V5 {
            self.disconnect_with(0, expiry).await
        } else {
            self.disconnect().await
        }
    }
}

async fn a_session_ends_when_its_expiry_interval_has_passed(harness: Harness) {
    let will = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &will, 1).await;
    let held = Will::new(&will, "held").delay(600);
    let mut client = harness.connect("one").clean(false).expiry(1).will(held).open().await;
    client.subscribe(harness.topic("a"), 1).await;
    assert_session_gone(&harness, client, 2).await;
    assert_eq!(watcher.receive().await.payload, b"held");
}

async fn a_clean_session_ends_with_its_connection(harness: Harness) {
    let mut client = harness.client("one").await;
    client.subscribe(harness.topic("a"), 1).await;
    client.publish(harness.topic("a"), "echo", 1).await;
    client.receive().await;
    client.drop_connection().await;
    assert_new_session(&harness).await;
}

async fn disconnect_shortens_the_expiry(harness: Harness) {
    // DISCONNECT shortens the session expiry interval to 0.
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(harness.topic("a"), 1).await;
    client.disconnect_and_end_session().await;
    assert_new_session(&harness).await;
    // DISCONNECT shortens the session expiry interval to one second.
    let mut client = harness.connect("one").persistent().open().await;
    client.subscribe(harness.topic("a"), 1).await;
    client.disconnect_with(0, &Properties::default().number(property::SESSION_EXPIRY, 1)).await;
    harness.wait_by_broker_clock(2).await;
    assert_new_session(&harness).await;
}

async fn disconnect_lengthens_the_expiry(harness: Harness) {
    let mut client = harness.connect("one").clean(false).expiry(1).open().await;
    client.subscribe(harness.topic("a"), 1).await;
    client.disconnect_with(0, &Properties::default().number(property::SESSION_EXPIRY, 600)).await;
    harness.wait_by_broker_clock(2).await;
    harness.client("other").await.publish(harness.topic("a"), "kept", 1).await;
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present, "the expiry of DISCONNECT applies");
    assert_eq!(client.receive().await.payload, b"kept");
}

async fn an_expiry_in_disconnect_after_zero_in_connect_is_a_protocol_error(harness: Harness) {
    let will = harness.topic("will");
    let mut watcher = harness.subscriber("watcher", &will, 1).await;
    for expiry in [1, 60, u32::MAX] {
        let mut client = harness.connect("one").will(Will::new(&will, "gone")).open().await;
        client.subscribe(harness.topic("a"), 1).await;
        let raised = Properties::default().number(property::SESSION_EXPIRY, expiry);
        client.send(&crate::wire::disconnect(0, &raised)).await;
        client.expect_close_without_answer(&[0x82]).await;
        assert_eq!(watcher.receive().await.payload, b"gone");
        assert_new_session(&harness).await;
    }
    // A session expiry interval of 0 in both CONNECT and DISCONNECT is valid.
    let client = harness.connect("one").will(Will::new(&will, "gone")).open().await;
    client.disconnect_and_end_session().await;
    harness.expect_no_will(&mut watcher).await;
}

async fn without_an_expiry_a_session_ends_with_its_connection(harness: Harness) {
    for builder in [harness.connect("one").clean(false), harness.connect("one").clean(false).expiry(0)] {
        let mut client = builder.open().await;
        client.subscribe(harness.topic("a"), 1).await;
        client.drop_connection().await;
        assert_new_session(&harness).await;
    }
    // In 3.1.1, a CONNECT with Clean Session 0 creates a persistent session.
    let builder = || harness.connect("three").version(Version::V3).clean(false);
    builder().open().await.disconnect().await;
    assert!(builder().open_with_connack().await.1.session_present);
}
