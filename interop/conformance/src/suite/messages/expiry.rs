//! Message Expiry Interval: it counts down while the broker has the message, and ends what was never sent.

use std::time::Instant;

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Packet, Properties, Publish, Will, property};

cases! {
    what_expires_in_the_queue_is_not_delivered: "MQTT5-3.3.2-5", "TRAP5-47";
    what_expires_at_quota_0_is_not_delivered: "MQTT5-3.3.2-5", "TRAP5-47";
    each_copy_expires_for_itself: "MQTT5-3.3.2-5";
    a_retained_message_expires: "MQTT5-3.3.2-5", "TRAP5-50";
    the_interval_counts_down: "MQTT5-3.3.2-6", "TRAP5-46";
    the_interval_of_a_will_counts_down: "MQTT5-3.3.2-6", "TRAP5-46";
    what_expired_leaves_room_in_the_queue [REJECTING]: "TRAP5-49";
    what_was_sent_does_not_expire: "MQTT5-4.3.3-7", "TRAP5-48";
    what_was_received_does_not_expire: "MQTT5-4.3.3-7", "TRAP5-48";
    a_publishers_handshake_does_not_expire: "MQTT5-4.3.3-13", "TRAP5-48";
}

/// What is left of 600 s at least, where all of the time since may have been spent in the broker.
fn least(begun: Instant) -> u32 {
    599 - u32::try_from(begun.elapsed().as_secs()).expect("a short test")
}

async fn what_expires_in_the_queue_is_not_delivered(lab: Lab) {
    let topic = lab.topic("a");
    away(&lab, &topic).await;
    let mut publisher = lab.client("publisher").await;
    for qos in [1, 2] {
        publisher.exchange_publish(expiring(&topic, "short", 1).qos(qos, 0)).await;
        publisher.exchange_publish(expiring(&topic, "long", 600).qos(qos, 0)).await;
    }
    publisher.publish(&topic, "lasting", 1).await;
    lab.pass(3).await;
    let mut back = lab.connect("away").kept().open().await;
    assert_eq!(back.payloads().await, ["long", "long", "lasting"]);
}

async fn what_expires_at_quota_0_is_not_delivered(lab: Lab) {
    let topic = lab.topic("a");
    let begun = Instant::now();
    let mut subscriber = lab.connect("subscriber").number(property::RECEIVE_MAXIMUM, 1).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    publisher.publish(&topic, "first", 2).await;
    publisher.exchange_publish(expiring(&topic, "short", 1).qos(1, 0)).await;
    publisher.exchange_publish(expiring(&topic, "short", 1).qos(2, 0)).await;
    publisher.exchange_publish(expiring(&topic, "long", 600).qos(1, 0)).await;
    lab.pass(3).await;
    subscriber.hears("first").await;
    let message = subscriber.hears("long").await;
    assert!((least(begun)..=598).contains(&interval(&message)), "{}", interval(&message));
}

async fn each_copy_expires_for_itself(lab: Lab) {
    let topic = lab.topic("a");
    away(&lab, &topic).await;
    let mut online = lab.subscriber("online", &topic, 1).await;
    let mut publisher = lab.client("publisher").await;
    publisher.exchange_publish(expiring(&topic, "short", 3).qos(1, 0)).await;
    let message = online.hears("short").await;
    assert!(interval(&message) <= 3, "{}", interval(&message));
    lab.pass(5).await;
    lab.connect("away").kept().open().await.hears_nothing().await;
}

async fn a_retained_message_expires(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    for qos in 0..3 {
        let topic = lab.topic(&format!("b/{qos}"));
        publisher.publish_retained(&topic, "before", 1).await;
        publisher.exchange_publish(expiring(&topic, "short", 1).qos(qos, 0).retain()).await;
    }
    publisher.exchange_publish(expiring(lab.topic("b/long"), "long", 600).qos(1, 0).retain()).await;
    lab.pass(3).await;
    let mut late = lab.client("late").await;
    let messages = late.subscribe_for(lab.topic("b/+"), 2).await;
    let topics: Vec<_> = messages.iter().map(|message| message.topic.clone()).collect();
    assert_eq!(topics, [lab.topic("b/long")]);
}

async fn the_interval_counts_down(lab: Lab) {
    let topic = lab.topic("a");
    let begun = Instant::now();
    away(&lab, &topic).await;
    let mut publisher = lab.client("publisher").await;
    for qos in 0..3 {
        let mut online = lab.client("online").await;
        online.try_subscribe(&topic, 0x22).await;
        publisher.exchange_publish(expiring(&topic, "x", 600).qos(qos, 0).retain()).await;
        let live = interval(&online.hears("x").await);
        assert!((least(begun)..=600).contains(&live), "at once: {live}");
    }
    lab.pass(2).await;
    let mut back = lab.connect("away").kept().open().await;
    for _ in [1, 2] {
        let queued = interval(&back.hears("x").await);
        assert!((least(begun)..=598).contains(&queued), "from the queue after 2 s: {queued}");
    }
    let mut late = lab.subscriber("late", &topic, 2).await;
    let retained = interval(&late.hears("x").await);
    assert!((least(begun)..=598).contains(&retained), "retained for 2 s: {retained}");
}

async fn the_interval_of_a_will_counts_down(lab: Lab) {
    let topic = lab.topic("a");
    let begun = Instant::now();
    away(&lab, &topic).await;
    let mut online = lab.subscriber("online", &topic, 1).await;
    let properties = Properties::default().number(property::MESSAGE_EXPIRY, 600);
    let will = Will::new(&topic, "will").qos(1).properties(properties);
    lab.connect("dying").will(will).open().await.cut().await;
    let live = interval(&online.hears("will").await);
    assert!((least(begun)..=600).contains(&live), "at once: {live}");
    lab.pass(2).await;
    let queued = interval(&lab.connect("away").kept().open().await.hears("will").await);
    assert!((least(begun)..=598).contains(&queued), "from the queue after 2 s: {queued}");
}

/// The queue holds one message; a second is refused unless the first has expired.
async fn what_expired_leaves_room_in_the_queue(lab: Lab) {
    let topic = lab.topic("a");
    away(&lab, &topic).await;
    let mut publisher = lab.client("publisher").await;
    assert_eq!(publisher.exchange_publish(expiring(&topic, "short", 1).qos(1, 0)).await, 0);
    lab.pass(2).await;
    assert_eq!(publisher.publish(&topic, "next", 1).await, 0, "there is room");
    assert_eq!(publisher.publish(&topic, "more", 1).await, 0x97, "there is no more");
    assert_eq!(lab.connect("away").kept().open().await.payloads().await, ["next"]);
}

/// A subscriber that has a message of QoS 2, good for 3 s, and its identifier.
async fn sent_before_it_expires(lab: &Lab) -> (Client, u16) {
    let topic = lab.topic("a");
    let mut first = lab.connect("subscriber").kept().open().await;
    first.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    publisher.exchange_publish(expiring(&topic, "x", 3).qos(2, 0)).await;
    let id = first.message().await.id;
    (first, id)
}

async fn what_was_sent_does_not_expire(lab: Lab) {
    let (first, id) = sent_before_it_expires(&lab).await;
    first.cut().await;
    lab.pass(5).await;
    let mut second = lab.connect("subscriber").kept().open().await;
    let again = second.hears("x").await;
    assert_eq!((again.id, again.dup), (id, true), "identifier and DUP");
}

async fn what_was_received_does_not_expire(lab: Lab) {
    let (mut first, id) = sent_before_it_expires(&lab).await;
    first.send_ack(0x50, id, 0).await;
    first.answer(Kind::PubRel, id).await;
    lab.pass(5).await;
    first.cut().await;
    let mut second = lab.connect("subscriber").kept().open().await;
    assert_eq!(second.answer(Kind::PubRel, id).await, 0);
    second.send_ack(0x70, id, 0).await;
    second.hears_nothing().await;
}

async fn a_publishers_handshake_does_not_expire(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.connect("publisher").kept().open().await;
    for id in [1, 2] {
        publisher.send_publish(&expiring(&topic, "x", 1).qos(2, id)).await;
        assert!(publisher.answer(Kind::PubRec, id).await < 0x80);
    }
    lab.pass(2).await;
    publisher.send_ack(0x62, 1, 0).await;
    assert_eq!(publisher.answer(Kind::PubComp, 1).await, 0);
    publisher.cut().await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    publisher.send_ack(0x62, 2, 0).await;
    assert_eq!(publisher.answer(Kind::PubComp, 2).await, 0, "on the next connection too");
}

/// A subscriber at QoS 2 that is away, by the name "away".
async fn away(lab: &Lab, topic: &str) {
    let mut client: Client = lab.connect("away").kept().open().await;
    client.subscribe(topic, 2).await;
    client.leave().await;
}

fn expiring(topic: impl AsRef<[u8]>, payload: &str, seconds: u32) -> Publish {
    let properties = Properties::default().number(property::MESSAGE_EXPIRY, seconds);
    Publish::new(topic, payload).properties(properties)
}

/// The interval that came with a message.
fn interval(message: &Packet) -> u32 {
    message.properties.get_number(property::MESSAGE_EXPIRY).expect("a message expiry interval")
}
