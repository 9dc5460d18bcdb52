//! Wildcards, shared subscriptions and subscription identifiers that a broker does not offer.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Subscribe, property};

cases! {
    what_is_not_offered_is_announced_and_refused [PLAIN]: "TRAP5-38";
    wildcards_that_are_not_offered_are_refused_in_suback [PLAIN]: "MQTT3-3.8.3-2";
    wildcards_that_are_offered_are_granted: "MQTT3-3.8.3-2";
}

async fn what_is_not_offered_is_announced_and_refused(lab: Lab) {
    let (client, connack) = lab.connect("one").accepted().await;
    let absent =
        [property::WILDCARD_AVAILABLE, property::SHARED_AVAILABLE, property::SUBSCRIPTION_ID_AVAILABLE];
    for id in absent {
        assert_eq!(connack.properties.get_number(id), Some(0), "announced");
    }
    client.leave().await;
    let topic = lab.topic("a");
    let faults = [
        (Subscribe::new(1).filter(lab.topic("+"), 1), 0xA2),
        (Subscribe::new(1).filter(lab.topic("#"), 1), 0xA2),
        (Subscribe::new(1).filter(format!("$share/g/{topic}"), 1), 0x9E),
        (Subscribe::new(1).filter(&topic, 1).identifier(1), 0xA1),
    ];
    for (subscribe, code) in faults {
        let mut client = lab.client("one").await;
        client.send(&subscribe.encode(lab.version)).await;
        let farewell = client.next().await;
        assert_eq!((farewell.kind, farewell.code), (Kind::Disconnect, code));
        client.is_cut_off(&[]).await;
    }
    let mut client = lab.subscriber("one", &topic, 1).await;
    client.publish(&topic, "x", 1).await;
    assert_eq!(client.receive_payloads().await, ["x"], "plain ones are served");
}

async fn wildcards_that_are_not_offered_are_refused_in_suback(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.client("one").await;
    let filters = [lab.topic("+"), topic.clone(), lab.topic("#")];
    let subscribe = filters.iter().fold(Subscribe::new(1), |all, filter| all.filter(filter, 1));
    assert_eq!(client.exchange_subscribe(&subscribe).await.codes, [0x80, 1, 0x80]);
    client.publish_all(&[topic.clone(), lab.topic("b")]).await;
    assert_eq!(client.receive_payloads().await, [topic]);
}

async fn wildcards_that_are_offered_are_granted(lab: Lab) {
    let topics = [lab.topic("a"), lab.topic("a/b")];
    let mut client = lab.client("one").await;
    // A broker that does not offer them says so by SUBACK 0x80.
    for (filter, due) in [("+", &topics[..1]), ("#", &topics), ("a/#", &topics)] {
        let granted = client.try_subscribe(lab.topic(filter), 0).await;
        client.publish_all(&topics).await;
        let due = if granted == [0x80] { &[] } else { due };
        assert_eq!(client.receive_payloads().await, due, "{filter}");
        client.unsubscribe(lab.topic(filter)).await;
    }
}
