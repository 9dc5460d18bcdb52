//! Who is a member of a shared subscription, and who gets the next message.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Subscribe, property};

cases! {
    each_message_goes_to_one_member_of_each_group: "TRAP5-45";
    subscribing_twice_makes_no_second_member: "TRAP5-45";
    a_shared_and_a_plain_subscription_are_two: "TRAP5-44";
    a_message_open_at_a_member_moves_when_its_session_ends [OWN]: "TRAP5-40";
    members_without_connection_wait_while_others_have_one [OWN]: "TRAP5-41";
}

async fn each_message_goes_to_one_member_of_each_group(lab: Lab) {
    let topic = lab.topic("a");
    let mut clients = Vec::new();
    for (name, group) in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b")] {
        clients.push((group, lab.subscriber(name, format!("$share/{group}/{topic}"), 1).await));
    }
    let mut publisher = lab.client("publisher").await;
    let due: Vec<_> = (10..40).map(|number| number.to_string()).collect();
    for payload in &due {
        publisher.publish(&topic, payload, 1).await;
    }
    for group in ["a", "b"] {
        let mut seen = Vec::new();
        for (_, client) in clients.iter_mut().filter(|(of, _)| *of == group) {
            seen.extend(client.receive_payloads().await);
        }
        seen.sort();
        assert_eq!(seen, due, "each once in the group {group}");
    }
}

async fn subscribing_twice_makes_no_second_member(lab: Lab) {
    let topic = lab.topic("a");
    let filter = format!("$share/g/{topic}");
    let mut twice = lab.subscriber("twice", &filter, 0).await;
    let again = Subscribe::new(2).filter(&filter, 1).filter(&filter, 1).identifier(7);
    twice.exchange_subscribe(&again).await;
    let mut publisher = lab.client("publisher").await;
    publisher.publish(&topic, "x", 2).await;
    let messages = twice.receive_all().await;
    assert_eq!(messages.len(), 1, "one copy");
    assert_eq!((messages[0].qos, messages[0].properties.numbers(property::SUBSCRIPTION_ID)), (1, vec![7]));
    // One UNSUBSCRIBE leaves the group.
    let mut other = lab.subscriber("other", &filter, 1).await;
    assert_eq!(twice.unsubscribe(&filter).await.codes, [0]);
    let due: Vec<_> = (10..20).map(|number| number.to_string()).collect();
    for payload in &due {
        publisher.publish(&topic, payload, 1).await;
    }
    assert_eq!(other.receive_payloads().await, due);
    twice.hears_nothing().await;
    assert_eq!(twice.unsubscribe(&filter).await.codes, [0x11], "it was left");
}

async fn a_shared_and_a_plain_subscription_are_two(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.client("one").await;
    client.exchange_subscribe(&Subscribe::new(1).filter(&topic, 1).identifier(1)).await;
    let shared = Subscribe::new(2).filter(format!("$share/g/{topic}"), 0).identifier(2);
    client.exchange_subscribe(&shared).await;
    lab.client("other").await.publish(&topic, "x", 1).await;
    let messages = client.receive_all().await;
    let id = property::SUBSCRIPTION_ID;
    let mut seen: Vec<_> = messages.iter().map(|copy| (copy.properties.numbers(id), copy.qos)).collect();
    seen.sort();
    assert_eq!(seen, [(vec![1], 1), (vec![2], 0)], "a copy for each, on its terms");
    // Each goes by itself.
    assert_eq!(client.unsubscribe(&topic).await.codes, [0]);
    lab.client("other").await.publish(&topic, "y", 1).await;
    assert_eq!(client.receive_payloads().await, ["y"]);
}

async fn a_message_open_at_a_member_moves_when_its_session_ends(lab: Lab) {
    let topic = lab.topic("a");
    let filter = format!("$share/g/{topic}");
    let mut member = lab.connect("member").clean(false).expiry(1).open().await;
    member.subscribe(&filter, 1).await;
    let mut publisher = lab.client("publisher").await;
    publisher.publish(&topic, "open", 1).await;
    member.message().await;
    let mut other = lab.subscriber("other", &filter, 1).await;
    let begun = std::time::Instant::now();
    member.cut().await;
    assert_eq!(other.message().await.payload, b"open", "when the session has expired");
    assert!(begun.elapsed() >= std::time::Duration::from_secs(1), "not before: {:?}", begun.elapsed());
}

async fn members_without_connection_wait_while_others_have_one(lab: Lab) {
    let topic = lab.topic("a");
    let filter = format!("$share/g/{topic}");
    let mut away = lab.connect("away").kept().open().await;
    away.subscribe(&filter, 1).await;
    let mut present = lab.subscriber("present", &filter, 1).await;
    away.leave().await;
    let mut publisher = lab.client("publisher").await;
    for _ in 0..10 {
        publisher.publish(&topic, "x", 1).await;
    }
    assert_eq!(present.receive_all().await.len(), 10, "who is there gets all");
    present.leave().await;
    publisher.publish(&topic, "queued", 1).await;
    let mut away = lab.connect("away").kept().open().await;
    assert_eq!(away.receive_payloads().await, ["queued"], "queued when nobody is there");
    assert!(!away.has(Kind::Publish));
}
