//! Shared subscriptions: each message to one member, at its QoS, to the end.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, ack};

cases! {
    each_member_gets_messages_at_its_own_qos: "MQTT5-4.8.2-3";
    a_begun_qos_2_delivery_is_finished_with_its_member: "MQTT5-4.8.2-4", "TRAP5-42";
    a_begun_qos_2_delivery_ends_with_its_expired_session: "MQTT5-4.8.2-5", "TRAP5-42";
    a_begun_qos_2_delivery_ends_with_its_discarded_session: "MQTT5-4.8.2-5", "TRAP5-42";
    a_message_that_a_member_refuses_is_dropped: "MQTT5-4.8.2-6", "TRAP5-43";
}

/// The filter of the group that a test forms, over the one topic that it publishes to.
fn shared(lab: &Lab) -> String {
    format!("$share/g/{}", lab.topic("a"))
}

/// The names of two members whose sessions outlive their connections.
const MEMBERS: [&str; 2] = ["left", "right"];

async fn members(lab: &Lab, expiry: u32) -> [Client; 2] {
    let [left, right] = MEMBERS.map(|name| lab.connect(name).clean(false).expiry(expiry));
    let (mut left, mut right) = (left.open().await, right.open().await);
    left.subscribe(shared(lab), 2).await;
    right.subscribe(shared(lab), 2).await;
    [left, right]
}

/// Publishes one message; gives the member that got it with its name, and the other.
async fn publish(lab: &Lab, qos: u8, members: [Client; 2]) -> (Client, &'static str, Client) {
    lab.client("publisher").await.publish(lab.topic("a"), "x", qos).await;
    let [mut left, mut right] = members;
    left.ping().await;
    right.ping().await;
    assert!(left.has(Kind::Publish) != right.has(Kind::Publish), "one of the two gets it");
    if left.has(Kind::Publish) { (left, MEMBERS[0], right) } else { (right, MEMBERS[1], left) }
}

async fn each_member_gets_messages_at_its_own_qos(lab: Lab) {
    let mut members = [lab.client("0").await, lab.client("1").await, lab.client("2").await];
    for (member, qos) in members.iter_mut().zip(0..) {
        member.subscribe(shared(&lab), qos).await;
    }
    let mut publisher = lab.client("publisher").await;
    let mut total = 0;
    for round in 0..24 {
        publisher.publish(lab.topic("a"), [1 + round % 2], 1 + round % 2).await;
    }
    for (member, granted) in members.iter_mut().zip(0..) {
        for message in member.receive_all().await {
            assert_eq!(message.qos, granted.min(message.payload[0]), "where {granted} is granted");
            total += 1;
        }
    }
    assert_eq!(total, 24, "each to one member");
    for granted in 0..=2 {
        let mut alone = lab.subscriber("alone", format!("$share/alone/{}", lab.topic("b")), granted).await;
        for published in 0..=2 {
            publisher.publish(lab.topic("b"), "x", published).await;
            assert_eq!(alone.receive().await.qos, granted.min(published));
        }
        alone.leave().await;
    }
}

async fn a_begun_qos_2_delivery_is_finished_with_its_member(lab: Lab) {
    let members = members(&lab, 60).await;
    let (mut member, name, mut other) = publish(&lab, 2, members).await;
    let begun = member.message().await;
    assert_eq!(begun.qos, 2);
    member.cut().await;
    other.hears_nothing().await;
    // It goes on with PUBLISH, and after the next break with PUBREL.
    let mut member = lab.connect(name).kept().open().await;
    let again = member.message().await;
    assert!(again.dup && again.id == begun.id && again.payload == b"x", "the same again: {again:?}");
    member.send(&ack(0x50, begun.id, 0)).await;
    member.answer(Kind::PubRel, begun.id).await;
    member.cut().await;
    other.hears_nothing().await;
    let mut member = lab.connect(name).kept().open().await;
    assert_eq!(member.answer(Kind::PubRel, begun.id).await, 0);
    member.send(&ack(0x70, begun.id, 0)).await;
    member.hears_nothing().await;
    other.hears_nothing().await;
}

async fn a_begun_qos_2_delivery_ends_with_its_expired_session(lab: Lab) {
    // Once with the PUBLISH open, once with the PUBREL.
    for received in [false, true] {
        let members = members(&lab, 1).await;
        let (mut member, _, mut other) = publish(&lab, 2, members).await;
        let begun = member.message().await;
        if received {
            member.send(&ack(0x50, begun.id, 0)).await;
            member.answer(Kind::PubRel, begun.id).await;
        }
        member.cut().await;
        lab.pass(2).await;
        other.hears_nothing().await;
        // The group goes on.
        lab.client("publisher").await.publish(lab.topic("a"), "next", 2).await;
        assert_eq!(other.receive_payloads().await, ["next"]);
        other.unsubscribe(shared(&lab)).await;
        other.leave().await;
        lab.pass(2).await;
    }
}

async fn a_begun_qos_2_delivery_ends_with_its_discarded_session(lab: Lab) {
    let members = members(&lab, 60).await;
    let (mut member, name, mut other) = publish(&lab, 2, members).await;
    member.message().await;
    member.cut().await;
    let mut member = lab.client(name).await;
    member.hears_nothing().await;
    other.hears_nothing().await;
}

async fn a_message_that_a_member_refuses_is_dropped(lab: Lab) {
    let mut members = members(&lab, 60).await;
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        for code in [0x80, 0x83, 0x87, 0x90, 0x97, 0x99] {
            let (mut member, name, mut other) = publish(&lab, qos, members).await;
            let refused = member.message().await;
            member.send(&ack(first, refused.id, code)).await;
            member.hears_nothing().await;
            other.hears_nothing().await;
            member.cut().await;
            other.hears_nothing().await;
            let mut member = lab.connect(name).kept().open().await;
            member.hears_nothing().await;
            assert!(!member.has(Kind::PubRel), "nothing to be released");
            members = if name == MEMBERS[0] { [member, other] } else { [other, member] };
        }
    }
}
