//! The client's Receive Maximum: how many messages the broker has open towards it, and what goes on without them.

use crate::case::cases;
use crate::client::{Client, Opening};
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Unsubscribe, property};

cases! {
    no_more_than_the_maximum_are_open: "MQTT5-3.3.4-9", "MQTT5-4.9.0-1", "MQTT5-4.9.0-2";
    each_final_answer_lets_one_more_through: "MQTT5-3.3.4-9", "MQTT5-4.9.0-2", "TRAP5-70", "TRAP5-71";
    a_failing_answer_lets_one_more_through: "MQTT5-3.3.4-9", "MQTT5-4.9.0-2", "MQTT5-4.4.0-2", "TRAP5-70";
    resent_messages_count: "MQTT5-4.9.0-2", "MQTT5-4.9.0-1", "TRAP5-72";
    a_resent_release_gives_nothing_beyond_the_maximum: "MQTT5-3.3.4-9", "MQTT5-4.9.0-1", "TRAP5-72";
    a_resent_release_does_not_count [OWN]: "TRAP5-72";
    other_packets_go_on_at_quota_0: "MQTT5-3.3.4-10", "MQTT5-4.9.0-3", "TRAP5-73";
    qos_0_goes_on_at_quota_0 [OWN]: "TRAP5-74";
}

async fn no_more_than_the_maximum_are_open(lab: Lab) {
    for maximum in [1, 2, 7] {
        let mut subscriber = allowing(&lab, maximum).open().await;
        publish(&lab, &mut subscriber, 10).await;
        assert_eq!(subscriber.messages().await.len(), usize::from(maximum), "of {maximum}");
        subscriber.hears_nothing().await;
        subscriber.leave().await;
    }
}

async fn each_final_answer_lets_one_more_through(lab: Lab) {
    let mut subscriber = allowing(&lab, 2).open().await;
    publish(&lab, &mut subscriber, 10).await;
    let mut open = subscriber.messages().await;
    assert_eq!(open.len(), 2);
    for number in 0..8 {
        let message = open.remove(0);
        assert_eq!(message.payload, number.to_string().into_bytes());
        if message.qos == 1 {
            subscriber.send_ack(0x40, message.id, 0).await;
        } else {
            subscriber.send_ack(0x50, message.id, 0).await;
            assert_eq!(subscriber.answer(Kind::PubRel, message.id).await, 0);
            subscriber.hears_nothing().await;
            subscriber.send_ack(0x70, message.id, 0).await;
        }
        open.push(subscriber.message().await);
        subscriber.hears_nothing().await;
    }
}

async fn a_failing_answer_lets_one_more_through(lab: Lab) {
    let mut subscriber = allowing(&lab, 1).open().await;
    publish(&lab, &mut subscriber, 10).await;
    for number in 0..10 {
        let message = subscriber.message().await;
        assert_eq!(message.payload, number.to_string().into_bytes());
        subscriber.hears_nothing().await;
        let first = if message.qos == 1 { 0x40 } else { 0x50 };
        subscriber.send_ack(first, message.id, 0x80).await;
    }
    subscriber.hears_nothing().await;
    assert!(!subscriber.has(Kind::PubRel), "what was refused is not released");
}

async fn resent_messages_count(lab: Lab) {
    let mut subscriber = allowing(&lab, 2).kept().open().await;
    publish(&lab, &mut subscriber, 6).await;
    let ids: Vec<_> = subscriber.take_messages(2).await.iter().map(|message| message.id).collect();
    subscriber.cut().await;
    let mut subscriber = allowing(&lab, 2).kept().open().await;
    let again = subscriber.take_messages(2).await;
    assert_eq!(again.iter().map(|message| message.id).collect::<Vec<_>>(), ids);
    subscriber.hears_nothing().await;
    subscriber.acknowledge(&again[0]).await;
    assert_eq!(subscriber.messages().await.len(), 1, "one was completed");
    subscriber.cut().await;
    let mut subscriber = allowing(&lab, 1).kept().open().await;
    assert_eq!(subscriber.messages().await.len(), 1, "this connection allows but one");
}

async fn a_resent_release_gives_nothing_beyond_the_maximum(lab: Lab) {
    let mut subscriber = released(&lab, 3).await;
    for _ in 0..3 {
        let id = subscriber.take(Kind::PubRel).await.id;
        subscriber.send_ack(0x70, id, 0).await;
    }
    subscriber.ping().await;
    publish(&lab, &mut subscriber, 10).await;
    assert_eq!(subscriber.messages().await.len(), 3, "the quota was whole before");
}

/// The standard's prose lets a PUBCOMP of the last connection give quota to this one; its statement does not.
async fn a_resent_release_does_not_count(lab: Lab) {
    let mut subscriber = released(&lab, 3).await;
    publish(&lab, &mut subscriber, 10).await;
    assert_eq!(subscriber.messages().await.len(), 3, "PUBREL needs no quota");
    for _ in 0..3 {
        let id = subscriber.take(Kind::PubRel).await.id;
        subscriber.send_ack(0x70, id, 0).await;
    }
    subscriber.hears_nothing().await;
}

async fn other_packets_go_on_at_quota_0(lab: Lab) {
    let topic = lab.topic("b");
    let mut client = allowing(&lab, 1).open().await;
    publish(&lab, &mut client, 5).await;
    assert_eq!(client.messages().await.len(), 1);
    client.subscribe(&topic, 0).await;
    client.unsubscribe(&topic).await;
    assert!(client.publish(&topic, "x", 1).await < 0x80, "PUBACK");
    assert!(client.publish(&topic, "x", 2).await < 0x80, "PUBREC and PUBCOMP");
    client.send_ack(0x62, 999, 0).await;
    client.answer(Kind::PubComp, 999).await;
    let unsubscribe = Unsubscribe::new(1000).filter(&topic);
    client.send(&unsubscribe.encode(client.version)).await;
    assert_eq!(client.take(Kind::UnsubAck).await.codes.len(), 1);
    client.hears_nothing().await;
}

async fn qos_0_goes_on_at_quota_0(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = allowing(&lab, 1).open().await;
    publish(&lab, &mut subscriber, 5).await;
    assert_eq!(subscriber.payloads().await, ["0"]);
    let mut publisher = lab.client("more").await;
    for payload in ["first", "second", "third"] {
        publisher.publish(&topic, payload, 0).await;
    }
    assert_eq!(subscriber.payloads().await, ["first", "second", "third"]);
}

/// A subscriber with so many messages of QoS 2 whose PUBREL is to be sent again on the connection that it has now.
async fn released(lab: &Lab, count: u16) -> Client {
    let topic = lab.topic("a");
    let mut subscriber = allowing(lab, count).kept().open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("earlier").await;
    for _ in 0..count {
        publisher.publish(&topic, "earlier", 2).await;
        let id = subscriber.message().await.id;
        subscriber.send_ack(0x50, id, 0).await;
        subscriber.answer(Kind::PubRel, id).await;
    }
    subscriber.cut().await;
    allowing(lab, count).kept().open().await
}

fn allowing(lab: &Lab, maximum: u16) -> Opening<'_> {
    lab.connect("subscriber").number(property::RECEIVE_MAXIMUM, maximum.into())
}

/// Messages for the subscriber, their numbers in them, by turns at QoS 1 and 2.
async fn publish(lab: &Lab, subscriber: &mut Client, count: u8) {
    let topic = lab.topic("a");
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for number in 0..count {
        publisher.exchange_publish(Publish::new(&topic, number.to_string()).qos(1 + number % 2, 0)).await;
    }
}
