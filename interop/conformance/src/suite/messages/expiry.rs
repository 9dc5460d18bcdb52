//! Tests the Message Expiry Interval: it counts down while the broker holds the message. A message that expires before
//! the broker has sent it is dropped.

use std::time::Instant;

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{Packet, PacketType, Properties, Publish, Will, property};

cases! {
    a_message_that_expires_in_the_queue_is_not_delivered: "MQTT5-3.3.2-5", "TRAP5-47";
    a_message_that_expires_at_quota_0_is_not_delivered: "MQTT5-3.3.2-5", "TRAP5-47";
    each_copy_expires_independently: "MQTT5-3.3.2-5";
    a_retained_message_expires: "MQTT5-3.3.2-5", "TRAP5-50";
    the_interval_counts_down: "MQTT5-3.3.2-6", "TRAP5-46";
    the_interval_of_a_will_counts_down: "MQTT5-3.3.2-6", "TRAP5-46";
    an_expired_message_leaves_room_in_the_queue [REJECT_WHEN_FULL]: "TRAP5-49";
    a_message_already_sent_does_not_expire: "MQTT5-4.3.3-7", "TRAP5-48";
    a_message_past_pubrec_does_not_expire: "MQTT5-4.3.3-7", "TRAP5-48";
    a_publishers_qos_2_exchange_does_not_expire: "MQTT5-4.3.3-13", "TRAP5-48";
}

/// Returns the smallest valid remainder, in seconds, of an expiry interval of 600 s, if the broker has held the message
/// since `started` at the earliest.
fn minimum_remaining(started: Instant) -> u32 {
    599 - u32::try_from(started.elapsed().as_secs()).expect("a short test")
}

async fn a_message_that_expires_in_the_queue_is_not_delivered(harness: Harness) {
    let topic = harness.topic("a");
    create_offline_session(&harness, &topic).await;
    let mut publisher = harness.client("publisher").await;
    for qos in [1, 2] {
        publisher.exchange_publish(expiring(&topic, "short", 1).qos(qos, 0)).await;
        publisher.exchange_publish(expiring(&topic, "long", 600).qos(qos, 0)).await;
    }
    publisher.publish(&topic, "no expiry", 1).await;
    harness.wait_by_broker_clock(3).await;
    let mut back = harness.connect("away").persistent().open().await;
    assert_eq!(back.drain_payloads().await, ["long", "long", "no expiry"]);
}

async fn a_message_that_expires_at_quota_0_is_not_delivered(harness: Harness) {
    let topic = harness.topic("a");
    let started = Instant::now();
    let mut subscriber = harness.connect("subscriber").number(property::RECEIVE_MAXIMUM, 1).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    publisher.publish(&topic, "first", 2).await;
    publisher.exchange_publish(expiring(&topic, "short", 1).qos(1, 0)).await;
    publisher.exchange_publish(expiring(&topic, "short", 1).qos(2, 0)).await;
    publisher.exchange_publish(expiring(&topic, "long", 600).qos(1, 0)).await;
    harness.wait_by_broker_clock(3).await;
    subscriber.expect_message("first").await;
    let message = subscriber.expect_message("long").await;
    assert!(
        (minimum_remaining(started)..=598).contains(&expiry_interval(&message)),
        "{}",
        expiry_interval(&message)
    );
}

async fn each_copy_expires_independently(harness: Harness) {
    let topic = harness.topic("a");
    create_offline_session(&harness, &topic).await;
    let mut online = harness.subscriber("online", &topic, 1).await;
    let mut publisher = harness.client("publisher").await;
    publisher.exchange_publish(expiring(&topic, "short", 3).qos(1, 0)).await;
    let message = online.expect_message("short").await;
    assert!(expiry_interval(&message) <= 3, "{}", expiry_interval(&message));
    harness.wait_by_broker_clock(5).await;
    harness.connect("away").persistent().open().await.expect_no_message().await;
}

async fn a_retained_message_expires(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for qos in 0..3 {
        let topic = harness.topic(&format!("b/{qos}"));
        publisher.publish_retained(&topic, "before", 1).await;
        publisher.exchange_publish(expiring(&topic, "short", 1).qos(qos, 0).retain()).await;
    }
    publisher.exchange_publish(expiring(harness.topic("b/long"), "long", 600).qos(1, 0).retain()).await;
    harness.wait_by_broker_clock(3).await;
    let mut late = harness.client("late").await;
    let messages = late.subscribe_and_drain(harness.topic("b/+"), 2).await;
    let topics: Vec<_> = messages.iter().map(|message| message.topic.clone()).collect();
    assert_eq!(topics, [harness.topic("b/long")]);
}

async fn the_interval_counts_down(harness: Harness) {
    let topic = harness.topic("a");
    let started = Instant::now();
    create_offline_session(&harness, &topic).await;
    let mut publisher = harness.client("publisher").await;
    for qos in 0..3 {
        let mut online = harness.client("online").await;
        online.try_subscribe(&topic, 0x22).await;
        publisher.exchange_publish(expiring(&topic, "x", 600).qos(qos, 0).retain()).await;
        let live = expiry_interval(&online.expect_message("x").await);
        assert!((minimum_remaining(started)..=600).contains(&live), "at once: {live}");
    }
    harness.wait_by_broker_clock(2).await;
    let mut back = harness.connect("away").persistent().open().await;
    for _ in [1, 2] {
        let queued = expiry_interval(&back.expect_message("x").await);
        assert!((minimum_remaining(started)..=598).contains(&queued), "from the queue after 2 s: {queued}");
    }
    let mut late = harness.subscriber("late", &topic, 2).await;
    let retained = expiry_interval(&late.expect_message("x").await);
    assert!((minimum_remaining(started)..=598).contains(&retained), "retained for 2 s: {retained}");
}

async fn the_interval_of_a_will_counts_down(harness: Harness) {
    let topic = harness.topic("a");
    let started = Instant::now();
    create_offline_session(&harness, &topic).await;
    let mut online = harness.subscriber("online", &topic, 1).await;
    let properties = Properties::default().number(property::MESSAGE_EXPIRY, 600);
    let will = Will::new(&topic, "will").qos(1).properties(properties);
    harness.connect("dying").will(will).open().await.drop_connection().await;
    let live = expiry_interval(&online.expect_message("will").await);
    assert!((minimum_remaining(started)..=600).contains(&live), "at once: {live}");
    harness.wait_by_broker_clock(2).await;
    let queued =
        expiry_interval(&harness.connect("away").persistent().open().await.expect_message("will").await);
    assert!((minimum_remaining(started)..=598).contains(&queued), "from the queue after 2 s: {queued}");
}

/// The queue has room for one message. The broker refuses a second message unless the first message has expired.
async fn an_expired_message_leaves_room_in_the_queue(harness: Harness) {
    let topic = harness.topic("a");
    create_offline_session(&harness, &topic).await;
    let mut publisher = harness.client("publisher").await;
    assert_eq!(publisher.exchange_publish(expiring(&topic, "short", 1).qos(1, 0)).await, 0);
    harness.wait_by_broker_clock(2).await;
    assert_eq!(publisher.publish(&topic, "next", 1).await, 0, "the queue has room");
    assert_eq!(publisher.publish(&topic, "more", 1).await, 0x97, "the queue is full");
    assert_eq!(harness.connect("away").persistent().open().await.drain_payloads().await, ["next"]);
}

/// Connects a subscriber that receives, but does not acknowledge, a QoS 2 message that expires after 3 s. Returns the
/// subscriber and the packet identifier of the message.
async fn delivered_before_expiry(harness: &Harness) -> (Client, u16) {
    let topic = harness.topic("a");
    let mut first = harness.connect("subscriber").persistent().open().await;
    first.subscribe(&topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    publisher.exchange_publish(expiring(&topic, "x", 3).qos(2, 0)).await;
    let id = first.next_message().await.id;
    (first, id)
}

async fn a_message_already_sent_does_not_expire(harness: Harness) {
    let (first, id) = delivered_before_expiry(&harness).await;
    first.drop_connection().await;
    harness.wait_by_broker_clock(5).await;
    let mut second = harness.connect("subscriber").persistent().open().await;
    let again = second.expect_message("x").await;
    assert_eq!((again.id, again.dup), (id, true), "identifier and DUP");
}

async fn a_message_past_pubrec_does_not_expire(harness: Harness) {
    let (mut first, id) = delivered_before_expiry(&harness).await;
    first.send_ack(0x50, id, 0).await;
    first.expect_ack(PacketType::PubRel, id).await;
    harness.wait_by_broker_clock(5).await;
    first.drop_connection().await;
    let mut second = harness.connect("subscriber").persistent().open().await;
    assert_eq!(second.expect_ack(PacketType::PubRel, id).await, 0);
    second.send_ack(0x70, id, 0).await;
    second.expect_no_message().await;
}

async fn a_publishers_qos_2_exchange_does_not_expire(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.connect("publisher").persistent().open().await;
    for id in [1, 2] {
        publisher.send_publish(&expiring(&topic, "x", 1).qos(2, id)).await;
        assert!(publisher.expect_ack(PacketType::PubRec, id).await < 0x80);
    }
    harness.wait_by_broker_clock(2).await;
    publisher.send_ack(0x62, 1, 0).await;
    assert_eq!(publisher.expect_ack(PacketType::PubComp, 1).await, 0);
    publisher.drop_connection().await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    publisher.send_ack(0x62, 2, 0).await;
    assert_eq!(publisher.expect_ack(PacketType::PubComp, 2).await, 0, "on the next connection too");
}

/// Creates an offline session with the client name "away", subscribed at QoS 2.
async fn create_offline_session(harness: &Harness, topic: &str) {
    let mut client: Client = harness.connect("away").persistent().open().await;
    client.subscribe(topic, 2).await;
    client.disconnect().await;
}

fn expiring(topic: impl AsRef<[u8]>, payload: &str, seconds: u32) -> Publish {
    let properties = Properties::default().number(property::MESSAGE_EXPIRY, seconds);
    Publish::new(topic, payload).properties(properties)
}

/// Returns the Message Expiry Interval, in seconds, of a received message.
fn expiry_interval(message: &Packet) -> u32 {
    message.properties.get_number(property::MESSAGE_EXPIRY).expect("a message expiry interval")
}
