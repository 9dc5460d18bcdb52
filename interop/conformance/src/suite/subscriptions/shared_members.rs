//! Tests the members of a shared subscription, and which member gets a message.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Subscribe, property};

cases! {
    each_message_goes_to_one_member_of_each_group: "TRAP5-45";
    subscribing_twice_makes_no_second_member: "TRAP5-45";
    a_shared_and_a_normal_subscription_deliver_separate_copies: "TRAP5-44";
    a_message_in_flight_to_a_member_moves_when_its_session_ends [TIDEGATE_ONLY]: "TRAP5-40";
    offline_members_get_nothing_while_others_are_online [TIDEGATE_ONLY]: "TRAP5-41";
}

async fn each_message_goes_to_one_member_of_each_group(harness: Harness) {
    let topic = harness.topic("a");
    let mut clients = Vec::new();
    for (name, group) in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b")] {
        clients.push((group, harness.subscriber(name, format!("$share/{group}/{topic}"), 1).await));
    }
    let mut publisher = harness.client("publisher").await;
    let expected: Vec<_> = (10..40).map(|number| number.to_string()).collect();
    for payload in &expected {
        publisher.publish(&topic, payload, 1).await;
    }
    for group in ["a", "b"] {
        let mut seen = Vec::new();
        for (_, client) in clients.iter_mut().filter(|(of, _)| *of == group) {
            seen.extend(client.receive_payloads().await);
        }
        seen.sort();
        assert_eq!(seen, expected, "each message once in the group {group}");
    }
}

async fn subscribing_twice_makes_no_second_member(harness: Harness) {
    let topic = harness.topic("a");
    let filter = format!("$share/g/{topic}");
    let mut twice = harness.subscriber("twice", &filter, 0).await;
    let again = Subscribe::new(2).filter(&filter, 1).filter(&filter, 1).identifier(7);
    twice.exchange_subscribe(&again).await;
    let mut publisher = harness.client("publisher").await;
    publisher.publish(&topic, "x", 2).await;
    let messages = twice.receive_all().await;
    assert_eq!(messages.len(), 1, "one copy");
    assert_eq!((messages[0].qos, messages[0].properties.numbers(property::SUBSCRIPTION_ID)), (1, vec![7]));
    // Although the client has subscribed several times, one UNSUBSCRIBE removes it from the group.
    let mut other = harness.subscriber("other", &filter, 1).await;
    assert_eq!(twice.unsubscribe(&filter).await.codes, [0]);
    let expected: Vec<_> = (10..20).map(|number| number.to_string()).collect();
    for payload in &expected {
        publisher.publish(&topic, payload, 1).await;
    }
    assert_eq!(other.receive_payloads().await, expected);
    twice.expect_no_message().await;
    assert_eq!(twice.unsubscribe(&filter).await.codes, [0x11], "the client has left the group");
}

async fn a_shared_and_a_normal_subscription_deliver_separate_copies(harness: Harness) {
    let topic = harness.topic("a");
    let mut client = harness.client("one").await;
    client.exchange_subscribe(&Subscribe::new(1).filter(&topic, 1).identifier(1)).await;
    let shared = Subscribe::new(2).filter(format!("$share/g/{topic}"), 0).identifier(2);
    client.exchange_subscribe(&shared).await;
    harness.client("other").await.publish(&topic, "x", 1).await;
    let messages = client.receive_all().await;
    let id = property::SUBSCRIPTION_ID;
    let mut seen: Vec<_> = messages.iter().map(|copy| (copy.properties.numbers(id), copy.qos)).collect();
    seen.sort();
    assert_eq!(seen, [(vec![1], 1), (vec![2], 0)], "a copy for each subscription, at its QoS");
    // After the client has removed its non-shared subscription, its shared subscription still exists.
    assert_eq!(client.unsubscribe(&topic).await.codes, [0]);
    harness.client("other").await.publish(&topic, "y", 1).await;
    assert_eq!(client.receive_payloads().await, ["y"]);
}

async fn a_message_in_flight_to_a_member_moves_when_its_session_ends(harness: Harness) {
    let topic = harness.topic("a");
    let filter = format!("$share/g/{topic}");
    let mut member = harness.connect("member").clean(false).expiry(1).open().await;
    member.subscribe(&filter, 1).await;
    let mut publisher = harness.client("publisher").await;
    publisher.publish(&topic, "open", 1).await;
    member.next_message().await;
    let mut other = harness.subscriber("other", &filter, 1).await;
    let started = std::time::Instant::now();
    member.drop_connection().await;
    assert_eq!(
        other.next_message().await.payload,
        b"open",
        "the other member gets it when the session has expired"
    );
    assert!(started.elapsed() >= std::time::Duration::from_secs(1), "not before: {:?}", started.elapsed());
}

async fn offline_members_get_nothing_while_others_are_online(harness: Harness) {
    let topic = harness.topic("a");
    let filter = format!("$share/g/{topic}");
    let mut away = harness.connect("away").persistent().open().await;
    away.subscribe(&filter, 1).await;
    let mut present = harness.subscriber("present", &filter, 1).await;
    away.disconnect().await;
    let mut publisher = harness.client("publisher").await;
    for _ in 0..10 {
        publisher.publish(&topic, "x", 1).await;
    }
    assert_eq!(present.receive_all().await.len(), 10, "the connected member gets all");
    present.disconnect().await;
    publisher.publish(&topic, "queued", 1).await;
    let mut away = harness.connect("away").persistent().open().await;
    assert_eq!(away.receive_payloads().await, ["queued"], "queued when no member is connected");
    assert!(!away.has_received(PacketType::Publish));
}
