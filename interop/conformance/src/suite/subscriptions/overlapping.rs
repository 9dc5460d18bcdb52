//! Tests several subscriptions of one client that match the same message.

use crate::case::cases;
use crate::client::PROTOCOL_ERROR;
use crate::harness::Harness;
use crate::wire::{Properties, Publish, Subscribe, property};

cases! {
    overlapping_subscriptions_deliver_at_the_highest_qos: "TRAP5-28", "TRAP3-28", "TRAP5-29", "TRAP3-29";
    overlapping_subscriptions_deliver_one_copy [TIDEGATE_ONLY]: "TRAP5-29", "TRAP3-29";
    every_matching_subscription_identifier_is_sent: "TRAP5-30";
    a_copy_has_only_its_own_clients_identifiers: "TRAP5-31";
    an_invalid_subscription_identifier_ends_the_connection: "TRAP5-32";
    publishing_a_subscription_identifier_ends_the_connection: "TRAP5-32";
}

const SUBSCRIPTION_ID_PROPERTY: u8 = property::SUBSCRIPTION_ID;

/// The broker may send one copy of the message or several, but not more copies than there are matching subscriptions.
async fn overlapping_subscriptions_deliver_at_the_highest_qos(harness: Harness) {
    let topic = harness.topic("a/b");
    let mut other = harness.client("other").await;
    for qos in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 0, 1]] {
        let mut client = harness.client("one").await;
        for (filter, qos) in ["a/b", "a/+", "#"].iter().zip(qos) {
            client.subscribe(harness.topic(filter), qos).await;
        }
        let highest = qos.into_iter().max().unwrap_or(0);
        for published in 0..=2 {
            other.publish(&topic, "x", published).await;
            let seen: Vec<_> = client.receive_all().await.iter().map(|copy| copy.qos).collect();
            assert_eq!(seen.iter().max(), Some(&highest.min(published)), "with the granted QoS {qos:?}");
            assert!(seen.len() <= 3, "{} copies", seen.len());
        }
        client.disconnect().await;
    }
}

async fn overlapping_subscriptions_deliver_one_copy(harness: Harness) {
    let topic = harness.topic("a/b");
    let filters = ["a/b", "a/+", "#", "+/b"];
    let mut client = harness.connect("one").persistent().open().await;
    let subscribe =
        filters.iter().fold(Subscribe::new(1), |all, filter| all.filter(harness.topic(filter), 1));
    client.exchange_subscribe(&subscribe).await;
    let mut other = harness.client("other").await;
    for qos in 0..=2 {
        other.publish(&topic, qos.to_string(), qos).await;
    }
    assert_eq!(client.receive_payloads().await, ["0", "1", "2"]);
    client.disconnect().await;
    other.publish(&topic, "queued", 1).await;
    assert_eq!(harness.connect("one").persistent().open().await.receive_payloads().await, ["queued"]);
}

/// The broker may send all subscription identifiers in one copy of the message, or one identifier in each copy.
async fn every_matching_subscription_identifier_is_sent(harness: Harness) {
    let topic = harness.topic("a/b");
    let mut client = harness.client("one").await;
    let largest = 268_435_455;
    let subscriptions = [
        ("a/b", Some(1)),
        ("a/+", Some(128)),
        ("#", Some(largest)),
        ("+/b", None),
        ("a/#", Some(1)),
        ("x", Some(9)),
    ];
    for (filter, identifier) in subscriptions {
        let subscribe = Subscribe::new(1).filter(harness.topic(filter), 1);
        let subscribe = match identifier {
            Some(identifier) => subscribe.identifier(identifier),
            None => subscribe,
        };
        client.exchange_subscribe(&subscribe).await;
    }
    for qos in 0..=1 {
        harness.client("other").await.publish(&topic, "x", qos).await;
        let copies = client.receive_all().await;
        let mut seen: Vec<_> =
            copies.iter().flat_map(|copy| copy.properties.numbers(SUBSCRIPTION_ID_PROPERTY)).collect();
        seen.sort_unstable();
        seen.dedup(); // Two subscriptions have the identifier 1.
        assert_eq!(seen, [1, 128, largest], "at QoS {qos}");
    }
}

async fn a_copy_has_only_its_own_clients_identifiers(harness: Harness) {
    let topic = harness.topic("a");
    let mut clients = Vec::new();
    for (name, identifier) in [("one", Some(1)), ("two", Some(2)), ("none", None)] {
        let mut client = harness.client(name).await;
        let subscribe = Subscribe::new(1).filter(&topic, 1);
        let subscribe = match identifier {
            Some(identifier) => subscribe.identifier(identifier),
            None => subscribe,
        };
        client.exchange_subscribe(&subscribe).await;
        clients.push((client, Vec::from_iter(identifier)));
    }
    for qos in 0..=2 {
        harness.client("other").await.publish_retained(&topic, "x", qos).await;
        for (client, expected) in &mut clients {
            assert_eq!(
                client.receive().await.properties.numbers(SUBSCRIPTION_ID_PROPERTY),
                *expected,
                "at QoS {qos}"
            );
        }
    }
    // A retained message has the identifier of the subscription that it is sent for.
    let mut late = harness.client("late").await;
    late.exchange_subscribe(&Subscribe::new(1).filter(&topic, 1).identifier(3)).await;
    assert_eq!(late.receive().await.properties.numbers(SUBSCRIPTION_ID_PROPERTY), [3]);
}

async fn an_invalid_subscription_identifier_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let zero = Subscribe::new(1).filter(&topic, 0).identifier(0);
    harness.expect_close_after(&zero.encode(harness.version), PROTOCOL_ERROR).await;
    let twice = Subscribe::new(1).filter(&topic, 0).identifier(1).identifier(2);
    harness.expect_close_after(&twice.encode(harness.version), PROTOCOL_ERROR).await;
}

async fn publishing_a_subscription_identifier_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    for qos in 0..=2 {
        for identifier in [0, 1] {
            let properties = Properties::default().number(SUBSCRIPTION_ID_PROPERTY, identifier);
            let publish = Publish::new(&topic, "x").qos(qos, 1).properties(properties);
            harness.expect_close_after(&publish.encode(harness.version), PROTOCOL_ERROR).await;
        }
    }
    watcher.expect_no_message().await;
}
