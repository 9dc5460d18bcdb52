//! Tests which client identifiers the broker accepts and assigns, and that each client identifier has its own session.

use std::collections::HashSet;

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Properties, Publish, Version, property};

cases! {
    each_client_identifier_has_its_own_session: "MQTT5-3.1.3-2", "MQTT3-3.1.3-2";
    identifiers_of_23_letters_and_digits_are_accepted: "MQTT5-3.1.3-5", "MQTT3-3.1.3-5";
    clients_without_an_identifier_get_different_ones: "MQTT5-3.1.3-6", "MQTT5-3.2.2-16", "MQTT3-3.1.3-6", "TRAP5-66";
    an_assigned_identifier_works_as_if_it_had_been_sent: "MQTT5-3.1.3-7", "MQTT5-3.2.2-16", "TRAP5-66";
    an_identifier_is_announced_only_if_it_was_assigned: "MQTT5-3.1.3-7", "TRAP5-66";
    an_identifier_that_is_not_allowed_is_refused [LOW_LIMITS]: "MQTT5-3.1.3-8", "MQTT5-3.1.4-2", "MQTT5-3.2.2-7", "MQTT3-3.1.3-9", "MQTT3-3.2.2-5";
    an_empty_identifier_needs_a_clean_session: "MQTT3-3.1.3-8", "MQTT3-3.1.3-9", "MQTT3-3.2.2-5", "TRAP3-67", "TRAP3-68";
}

async fn each_client_identifier_has_its_own_session(harness: Harness) {
    let mut other = harness.client("other").await;
    // The client identifiers differ only in the case of the last character, or in one additional character.
    let names = ["one", "onE", "ones"];
    for name in names {
        let mut client = harness.connect(name).persistent().open().await;
        client.subscribe(harness.topic(name), 1).await;
        client.disconnect().await;
    }
    for name in names {
        other.publish(harness.topic(name), name, 1).await;
    }
    for name in names {
        let (mut client, connack) = harness.connect(name).persistent().open_with_connack().await;
        assert!(connack.session_present);
        assert_eq!(client.receive().await.payload, name.as_bytes());
        client.expect_no_message().await;
    }
}

/// Connects with client identifiers that together contain every letter and digit. The client identifiers begin with the
/// prefix of this test run, so that no other run uses them.
async fn identifiers_of_23_letters_and_digits_are_accepted(harness: Harness) {
    let all: Vec<char> = ('0'..='9').chain('a'..='z').chain('A'..='Z').collect();
    let prefix = harness.client_id("");
    for part in all.chunks(23 - prefix.len()) {
        let padded: String = prefix.chars().chain(part.iter().copied()).chain(all.iter().copied()).collect();
        let id = &padded[..23];
        harness.connect("one").client_id(id).open().await.disconnect().await;
    }
    // Other runs of this test may use the same short client identifiers at the same time. A takeover by such a run does
    // not make this test fail.
    for id in ["0", "a", "Z"] {
        harness.connect("one").client_id(id).open().await;
    }
}

async fn clients_without_an_identifier_get_different_ones(harness: Harness) {
    let mut clients = Vec::new();
    let mut ids = HashSet::from([harness.client_id("named"), harness.client_id("stored")]);
    let mut named = harness.client("named").await;
    harness.connect("stored").persistent().open().await.disconnect().await;
    let count = 20;
    for number in 0..count {
        let (client, connack) = harness.connect(&format!("{number}")).client_id("").open_with_connack().await;
        assert!(!connack.session_present);
        if harness.is_v5() {
            let assigned = connack.properties.get_text(property::ASSIGNED_CLIENT_ID);
            let id = assigned.expect("an assigned client identifier").to_owned();
            assert!(!id.is_empty() && ids.insert(id.clone()), "{id} is already in use");
        }
        clients.push(client);
    }
    // All connections are still open, so no assigned client identifier has caused a takeover.
    for client in clients.iter_mut().chain([&mut named]) {
        client.ping().await;
    }
    assert!(harness.connect("stored").persistent().open_with_connack().await.1.session_present);
}

async fn an_assigned_identifier_works_as_if_it_had_been_sent(harness: Harness) {
    let topic = harness.topic("a");
    // A client that sends an empty client identifier may ask for a persistent session.
    let (mut client, connack) = harness.connect("one").client_id("").persistent().open_with_connack().await;
    let assigned = connack.properties.get_text(property::ASSIGNED_CLIENT_ID);
    let id = assigned.expect("an assigned client identifier").to_owned();
    client.subscribe(&topic, 1).await;
    client.drop_connection().await;
    harness.client("other").await.publish(&topic, "kept", 1).await;
    let (mut second, connack) = harness.connect("one").client_id(&id).persistent().open_with_connack().await;
    assert!(connack.session_present, "the session of {id}");
    assert_eq!(second.receive().await.payload, b"kept");
    // A third connection with the assigned client identifier takes over the session of the second connection.
    let third = harness.connect("one").client_id(&id).persistent().open().await;
    second.expect_close(&[0x8E]).await;
    // The broker does not assign the identifier to another client while the session is stored.
    third.drop_connection().await;
    for _ in 0..20 {
        let (client, connack) = harness.connect("two").client_id("").open_with_connack().await;
        assert_ne!(connack.properties.get_text(property::ASSIGNED_CLIENT_ID), Some(id.as_str()));
        client.disconnect().await;
    }
    let ends_now = Properties::default().number(property::SESSION_EXPIRY, 0);
    harness.connect("one").client_id(&id).persistent().open().await.disconnect_with(0, &ends_now).await;
}

async fn an_identifier_is_announced_only_if_it_was_assigned(harness: Harness) {
    for builder in [harness.connect("one"), harness.connect("one").persistent()] {
        let (client, connack) = builder.open_with_connack().await;
        assert!(!connack.properties.has(property::ASSIGNED_CLIENT_ID), "{connack:?}");
        client.disconnect().await;
    }
}

async fn an_identifier_that_is_not_allowed_is_refused(harness: Harness) {
    let mut watcher = super::watcher(&harness).await;
    let long = format!("{:x<24}", harness.client_id("long"));
    // The broker sends the reason and closes the connection.
    let code = if harness.is_v5() { 0x85 } else { 2 };
    let builder = harness.connect("one").client_id(&long);
    builder.expect_refused(&[code]).await;
    let builder = harness.connect("one").client_id(&long);
    let publish = Publish::new(harness.topic("a"), "stray").encode(harness.version);
    let bytes = [builder.connect.encode(), publish].concat();
    builder.expect_bytes_refused(&bytes, &[code]).await;
    watcher.expect_no_message().await;
    // A client identifier of exactly 23 bytes, the configured maximum, is accepted.
    harness.connect("one").client_id(&long[..23]).open().await.ping().await;
}

async fn an_empty_identifier_needs_a_clean_session(harness: Harness) {
    for _ in 0..3 {
        // Over every transport, the refusing CONNACK has to arrive before the connection is closed.
        let mut client = harness.connect("one").client_id("").clean(false).send().await;
        let packets = client.wait_for_end().await;
        assert!(packets.iter().map(|packet| &packet.bytes[..]).eq([&[0x20, 2, 0, 2][..]]), "{packets:?}");
    }
    // MQTT 5.0 allows an empty client identifier without Clean Start.
    harness.connect("one").version(Version::V5).client_id("").clean(false).open().await.ping().await;
}
