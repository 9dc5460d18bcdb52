//! Tests shared subscriptions: each message goes to one member of the group, at the QoS granted to that member, and a
//! delivery that has started stays with that member.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{PacketType, ack};

cases! {
    each_member_gets_messages_at_its_own_qos: "MQTT5-4.8.2-3";
    a_started_qos_2_delivery_is_finished_with_its_member: "MQTT5-4.8.2-4", "TRAP5-42";
    a_started_qos_2_delivery_ends_with_its_expired_session: "MQTT5-4.8.2-5", "TRAP5-42";
    a_started_qos_2_delivery_ends_with_its_discarded_session: "MQTT5-4.8.2-5", "TRAP5-42";
    a_message_that_a_member_refuses_is_dropped: "MQTT5-4.8.2-6", "TRAP5-43";
}

/// Returns the shared filter of the test, which matches the topic "a" of the test.
fn shared(harness: &Harness) -> String {
    format!("$share/g/{}", harness.topic("a"))
}

/// The client names of two members whose sessions outlive their connections.
const MEMBER_NAMES: [&str; 2] = ["left", "right"];

async fn members(harness: &Harness, expiry: u32) -> [Client; 2] {
    let [left, right] = MEMBER_NAMES.map(|name| harness.connect(name).clean(false).expiry(expiry));
    let (mut left, mut right) = (left.open().await, right.open().await);
    left.subscribe(shared(harness), 2).await;
    right.subscribe(shared(harness), 2).await;
    [left, right]
}

/// Publishes one message. Returns the member that received the message, the client name of that member, and the other
/// member.
async fn publish(harness: &Harness, qos: u8, members: [Client; 2]) -> (Client, &'static str, Client) {
    harness.client("publisher").await.publish(harness.topic("a"), "x", qos).await;
    let [mut left, mut right] = members;
    left.ping().await;
    right.ping().await;
    assert!(
        left.has_received(PacketType::Publish) != right.has_received(PacketType::Publish),
        "exactly one of the two gets the message"
    );
    if left.has_received(PacketType::Publish) {
        (left, MEMBER_NAMES[0], right)
    } else {
        (right, MEMBER_NAMES[1], left)
    }
}

async fn each_member_gets_messages_at_its_own_qos(harness: Harness) {
    let mut members = [harness.client("0").await, harness.client("1").await, harness.client("2").await];
    for (member, qos) in members.iter_mut().zip(0..) {
        member.subscribe(shared(&harness), qos).await;
    }
    let mut publisher = harness.client("publisher").await;
    let mut total = 0;
    for round in 0..24 {
        publisher.publish(harness.topic("a"), [1 + round % 2], 1 + round % 2).await;
    }
    for (member, granted) in members.iter_mut().zip(0..) {
        for message in member.receive_all().await {
            assert_eq!(message.qos, granted.min(message.payload[0]), "granted QoS {granted}");
            total += 1;
        }
    }
    assert_eq!(total, 24, "each message goes to one member");
    for granted in 0..=2 {
        let mut alone =
            harness.subscriber("alone", format!("$share/alone/{}", harness.topic("b")), granted).await;
        for published in 0..=2 {
            publisher.publish(harness.topic("b"), "x", published).await;
            assert_eq!(alone.receive().await.qos, granted.min(published));
        }
        alone.disconnect().await;
    }
}

async fn a_started_qos_2_delivery_is_finished_with_its_member(harness: Harness) {
    let members = members(&harness, 60).await;
    let (mut member, name, mut other) = publish(&harness, 2, members).await;
    let started = member.next_message().await;
    assert_eq!(started.qos, 2);
    member.drop_connection().await;
    other.expect_no_message().await;
    // The member's next connection gets the PUBLISH again. The connection after it gets the PUBREL again.
    let mut member = harness.connect(name).persistent().open().await;
    let again = member.next_message().await;
    assert!(
        again.dup && again.id == started.id && again.payload == b"x",
        "the same message again: {again:?}"
    );
    member.send(&ack(0x50, started.id, 0)).await;
    member.expect_ack(PacketType::PubRel, started.id).await;
    member.drop_connection().await;
    other.expect_no_message().await;
    let mut member = harness.connect(name).persistent().open().await;
    assert_eq!(member.expect_ack(PacketType::PubRel, started.id).await, 0);
    member.send(&ack(0x70, started.id, 0)).await;
    member.expect_no_message().await;
    other.expect_no_message().await;
}

async fn a_started_qos_2_delivery_ends_with_its_expired_session(harness: Harness) {
    // The session expires once with PUBLISH in flight, and once with PUBREL in flight.
    for received in [false, true] {
        let members = members(&harness, 1).await;
        let (mut member, _, mut other) = publish(&harness, 2, members).await;
        let started = member.next_message().await;
        if received {
            member.send(&ack(0x50, started.id, 0)).await;
            member.expect_ack(PacketType::PubRel, started.id).await;
        }
        member.drop_connection().await;
        harness.wait_by_broker_clock(2).await;
        other.expect_no_message().await;
        // The remaining member of the group still gets new messages.
        harness.client("publisher").await.publish(harness.topic("a"), "next", 2).await;
        assert_eq!(other.receive_payloads().await, ["next"]);
        other.unsubscribe(shared(&harness)).await;
        other.disconnect().await;
        harness.wait_by_broker_clock(2).await;
    }
}

async fn a_started_qos_2_delivery_ends_with_its_discarded_session(harness: Harness) {
    let members = members(&harness, 60).await;
    let (mut member, name, mut other) = publish(&harness, 2, members).await;
    member.next_message().await;
    member.drop_connection().await;
    let mut member = harness.client(name).await;
    member.expect_no_message().await;
    other.expect_no_message().await;
}

async fn a_message_that_a_member_refuses_is_dropped(harness: Harness) {
    let mut members = members(&harness, 60).await;
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        for code in [0x80, 0x83, 0x87, 0x90, 0x97, 0x99] {
            let (mut member, name, mut other) = publish(&harness, qos, members).await;
            let refused = member.next_message().await;
            member.send(&ack(first, refused.id, code)).await;
            member.expect_no_message().await;
            other.expect_no_message().await;
            member.drop_connection().await;
            other.expect_no_message().await;
            let mut member = harness.connect(name).persistent().open().await;
            member.expect_no_message().await;
            assert!(!member.has_received(PacketType::PubRel), "PUBREL for a refused message");
            members = if name == MEMBER_NAMES[0] { [member, other] } else { [other, member] };
        }
    }
}
