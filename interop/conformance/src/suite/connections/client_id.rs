//! Client identifiers: which are taken, which are assigned, and that they name the session.

use std::collections::HashSet;

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Properties, Publish, Version, property};

cases! {
    each_client_identifier_has_its_session: "MQTT5-3.1.3-2", "MQTT3-3.1.3-2";
    identifiers_of_23_letters_and_digits_are_taken: "MQTT5-3.1.3-5", "MQTT3-3.1.3-5";
    clients_without_an_identifier_get_different_ones: "MQTT5-3.1.3-6", "MQTT5-3.2.2-16", "MQTT3-3.1.3-6", "TRAP5-66";
    an_assigned_identifier_works_as_if_it_had_been_sent: "MQTT5-3.1.3-7", "MQTT5-3.2.2-16", "TRAP5-66";
    an_identifier_is_announced_only_where_it_was_assigned: "MQTT5-3.1.3-7", "TRAP5-66";
    an_identifier_that_is_not_allowed_is_refused [SMALL]: "MQTT5-3.1.3-8", "MQTT5-3.1.4-2", "MQTT5-3.2.2-7", "MQTT3-3.1.3-9", "MQTT3-3.2.2-5";
    an_empty_identifier_needs_a_clean_session: "MQTT3-3.1.3-8", "MQTT3-3.1.3-9", "MQTT3-3.2.2-5", "TRAP3-67", "TRAP3-68";
}

async fn each_client_identifier_has_its_session(lab: Lab) {
    let mut other = lab.client("other").await;
    // They differ in the last character, in its case, in one more.
    let names = ["one", "onE", "ones"];
    for name in names {
        let mut client = lab.connect(name).kept().open().await;
        client.subscribe(lab.topic(name), 1).await;
        client.leave().await;
    }
    for name in names {
        other.publish(lab.topic(name), name, 1).await;
    }
    for name in names {
        let (mut client, connack) = lab.connect(name).kept().accepted().await;
        assert!(connack.session_present);
        assert_eq!(client.receive().await.payload, name.as_bytes());
        client.hears_nothing().await;
    }
}

/// Every character at least once, in identifiers that no other run has: they begin with one of this run's.
async fn identifiers_of_23_letters_and_digits_are_taken(lab: Lab) {
    let all: Vec<char> = ('0'..='9').chain('a'..='z').chain('A'..='Z').collect();
    let prefix = lab.client_id("");
    for part in all.chunks(23 - prefix.len()) {
        let padded: String = prefix.chars().chain(part.iter().copied()).chain(all.iter().copied()).collect();
        let id = &padded[..23];
        lab.connect("one").client_id(id).open().await.leave().await;
    }
    // Short ones meet those of other runs: a takeover is fine.
    for id in ["0", "a", "Z"] {
        lab.connect("one").client_id(id).open().await;
    }
}

async fn clients_without_an_identifier_get_different_ones(lab: Lab) {
    let mut clients = Vec::new();
    let mut ids = HashSet::from([lab.client_id("named"), lab.client_id("stored")]);
    let mut named = lab.client("named").await;
    lab.connect("stored").kept().open().await.leave().await;
    let count = 20;
    for number in 0..count {
        let (client, connack) = lab.connect(&format!("{number}")).client_id("").accepted().await;
        assert!(!connack.session_present);
        if lab.is_v5() {
            let assigned = connack.properties.get_text(property::ASSIGNED_CLIENT_ID);
            let id = assigned.expect("an assigned client identifier").to_owned();
            assert!(!id.is_empty() && ids.insert(id.clone()), "{id} is taken");
        }
        clients.push(client);
    }
    // Nobody was taken over.
    for client in clients.iter_mut().chain([&mut named]) {
        client.ping().await;
    }
    assert!(lab.connect("stored").kept().accepted().await.1.session_present);
}

async fn an_assigned_identifier_works_as_if_it_had_been_sent(lab: Lab) {
    let topic = lab.topic("a");
    // A session that stays is fine for a client without an identifier.
    let (mut client, connack) = lab.connect("one").client_id("").kept().accepted().await;
    let assigned = connack.properties.get_text(property::ASSIGNED_CLIENT_ID);
    let id = assigned.expect("an assigned client identifier").to_owned();
    client.subscribe(&topic, 1).await;
    client.cut().await;
    lab.client("other").await.publish(&topic, "kept", 1).await;
    let (mut second, connack) = lab.connect("one").client_id(&id).kept().accepted().await;
    assert!(connack.session_present, "the session of {id}");
    assert_eq!(second.receive().await.payload, b"kept");
    // It is taken over by that name.
    let third = lab.connect("one").client_id(&id).kept().open().await;
    second.is_cut_off(&[0x8E]).await;
    // And no other client gets it while it is stored.
    third.cut().await;
    for _ in 0..20 {
        let (client, connack) = lab.connect("two").client_id("").accepted().await;
        assert_ne!(connack.properties.get_text(property::ASSIGNED_CLIENT_ID), Some(id.as_str()));
        client.leave().await;
    }
    let ends_now = Properties::default().number(property::SESSION_EXPIRY, 0);
    lab.connect("one").client_id(&id).kept().open().await.leave_with(0, &ends_now).await;
}

async fn an_identifier_is_announced_only_where_it_was_assigned(lab: Lab) {
    for opening in [lab.connect("one"), lab.connect("one").kept()] {
        let (client, connack) = opening.accepted().await;
        assert!(!connack.properties.has(property::ASSIGNED_CLIENT_ID), "{connack:?}");
        client.leave().await;
    }
}

async fn an_identifier_that_is_not_allowed_is_refused(lab: Lab) {
    let mut watcher = super::watcher(&lab).await;
    let long = format!("{:x<24}", lab.client_id("long"));
    // The broker says why, and closes.
    let code = if lab.is_v5() { 0x85 } else { 2 };
    let opening = lab.connect("one").client_id(&long);
    opening.refused(&[code]).await;
    let opening = lab.connect("one").client_id(&long);
    let publish = Publish::new(lab.topic("a"), "stray").encode(lab.version);
    let bytes = [opening.connect.encode(), publish].concat();
    opening.refused_as(&bytes, &[code]).await;
    watcher.hears_nothing().await;
    // One byte less is fine.
    lab.connect("one").client_id(&long[..23]).open().await.ping().await;
}

async fn an_empty_identifier_needs_a_clean_session(lab: Lab) {
    for _ in 0..3 {
        // Over every transport the refusal has to arrive before the end.
        let mut client = lab.connect("one").client_id("").clean(false).send().await;
        let packets = client.wait_for_end().await;
        assert!(packets.iter().map(|packet| &packet.bytes[..]).eq([&[0x20, 2, 0, 2][..]]), "{packets:?}");
    }
    // 5.0 differs.
    lab.connect("one").version(Version::V5).client_id("").clean(false).open().await.ping().await;
}
