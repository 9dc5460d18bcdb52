//! What is sent again: on resumption all that is open, with its identifier, in its order; at no other time anything.

use crate::case::cases;
use crate::client::{Client, Opening, text};
use crate::lab::Lab;
use crate::wire::{Kind, Packet};

cases! {
    nothing_is_sent_again_on_an_open_connection: "MQTT5-4.4.0-1", "TRAP5-81", "TRAP3-81";
    all_that_is_open_is_sent_again: "MQTT5-4.4.0-1", "MQTT3-4.4.0-1", "TRAP5-83", "TRAP3-83", "TRAP5-80", "TRAP3-80";
    what_is_sent_again_has_dup: "MQTT5-3.3.1-1", "MQTT3-3.3.1-1", "TRAP5-79", "TRAP3-79";
    a_clean_connection_gets_nothing_again: "MQTT5-4.4.0-1", "MQTT3-4.4.0-1";
    a_failing_answer_ends_the_message: "MQTT5-4.4.0-2", "TRAP5-88";
    the_oldest_is_sent_again_first: "MQTT5-4.6.0-5", "MQTT3-4.6.0-1", "MQTT3-4.4.0-1", "TRAP5-82", "TRAP3-82";
    releases_have_the_order_of_the_receipts: "MQTT3-4.6.0-4", "TRAP5-82", "TRAP3-82";
    releases_keep_their_order_when_sent_again: "TRAP5-82", "TRAP3-82";
}

/// Three seconds stand for a broker's resend interval.
async fn nothing_is_sent_again_on_an_open_connection(lab: Lab) {
    let (mut subscriber, open) = opened(&lab, 4).await;
    subscriber.send_ack(0x50, open[3].id, 0).await;
    subscriber.answer(Kind::PubRel, open[3].id).await;
    lab.pass(3).await;
    subscriber.hears_nothing().await;
    assert!(!subscriber.has(Kind::PubRel), "nor PUBREL");
}

async fn all_that_is_open_is_sent_again(lab: Lab) {
    let (mut subscriber, open) = opened(&lab, 8).await;
    // Those of QoS 1 are 0, 2, 4 and 6; one of each kind is completed, one is left with PUBREL.
    subscriber.acknowledge(&open[2]).await;
    subscriber.acknowledge(&open[3]).await;
    subscriber.send_ack(0x50, open[5].id, 0).await;
    subscriber.answer(Kind::PubRel, open[5].id).await;
    subscriber.ping().await;
    subscriber.leave().await;
    for round in 0..3 {
        let mut subscriber = kept(&lab).open().await;
        let again = subscriber.messages().await;
        let due: Vec<_> = [0, 1, 4, 6, 7].iter().map(|index| identity(&open[*index])).collect();
        assert_eq!(again.iter().map(identity).collect::<Vec<_>>(), due, "round {round}");
        assert_eq!(subscriber.answer(Kind::PubRel, open[5].id).await, 0);
        assert!(!subscriber.has(Kind::PubRel), "but one");
        subscriber.cut().await;
    }
}

async fn what_is_sent_again_has_dup(lab: Lab) {
    let (mut subscriber, open) = opened(&lab, 2).await;
    assert!(open.iter().all(|message| !message.dup), "the first time");
    for _ in 0..2 {
        subscriber.cut().await;
        subscriber = kept(&lab).open().await;
        for first in &open {
            let again = subscriber.message().await;
            assert_eq!((again.id, again.qos, again.dup), (first.id, first.qos, true), "identifier, QoS, DUP");
        }
    }
}

async fn a_clean_connection_gets_nothing_again(lab: Lab) {
    let (mut subscriber, open) = opened(&lab, 4).await;
    subscriber.send_ack(0x50, open[3].id, 0).await;
    subscriber.answer(Kind::PubRel, open[3].id).await;
    subscriber.cut().await;
    let mut subscriber = lab.client("subscriber").await;
    subscriber.hears_nothing().await;
    assert!(!subscriber.has(Kind::PubRel), "nor PUBREL");
}

async fn a_failing_answer_ends_the_message(lab: Lab) {
    let (mut subscriber, open) = opened(&lab, 4).await;
    for (message, code) in open.iter().zip([0x80, 0x80, 0x97, 0x97]) {
        let first = if message.qos == 1 { 0x40 } else { 0x50 };
        subscriber.send_ack(first, message.id, code).await;
    }
    subscriber.ping().await;
    subscriber.cut().await;
    let mut subscriber = kept(&lab).open().await;
    subscriber.hears_nothing().await;
    assert!(!subscriber.has(Kind::PubRel), "nor PUBREL");
}

async fn the_oldest_is_sent_again_first(lab: Lab) {
    let (subscriber, open) = opened(&lab, 12).await;
    subscriber.cut().await;
    let mut publisher = lab.client("publisher").await;
    for number in 12..18 {
        publisher.publish(lab.topic("a"), number.to_string(), 1 + number % 2).await;
    }
    let mut subscriber = kept(&lab).open().await;
    publisher.publish(lab.topic("a"), "18", 1).await;
    let mut again = subscriber.messages().await;
    for message in &again {
        subscriber.acknowledge(message).await;
    }
    again.extend(subscriber.messages().await);
    let ids: Vec<_> = again.iter().map(|message| message.id).take(12).collect();
    assert_eq!(ids, open.iter().map(|message| message.id).collect::<Vec<_>>(), "the identifiers");
    for qos in [1, 2] {
        let of_qos = again.iter().filter(|message| message.qos == qos);
        let numbers: Vec<u8> =
            of_qos.map(|message| text(&message.payload).parse().expect("a number")).collect();
        assert!(numbers.is_sorted(), "QoS {qos}: {numbers:?}");
    }
    assert_eq!(again.len(), 19);
}

async fn releases_have_the_order_of_the_receipts(lab: Lab) {
    let (mut subscriber, order) = received(&lab).await;
    for id in order {
        subscriber.answer(Kind::PubRel, id).await;
    }
}

async fn releases_keep_their_order_when_sent_again(lab: Lab) {
    let (mut subscriber, order) = received(&lab).await;
    for _ in 0..2 {
        subscriber.ping().await;
        subscriber.cut().await;
        subscriber = kept(&lab).open().await;
        for id in order {
            subscriber.answer(Kind::PubRel, id).await;
        }
    }
}

/// A subscriber that has sent PUBREC for messages in another order than theirs; the identifiers in that order.
async fn received(lab: &Lab) -> (Client, [u16; 6]) {
    let (mut subscriber, open) = opened(lab, 12).await;
    let exact: Vec<_> = open.iter().filter(|message| message.qos == 2).map(|message| message.id).collect();
    let order = [exact[3], exact[0], exact[5], exact[1], exact[4], exact[2]];
    for id in order {
        subscriber.send_ack(0x50, id, 0).await;
    }
    (subscriber, order)
}

/// A subscriber with so many messages that it has not answered, by turns of QoS 1 and 2.
async fn opened(lab: &Lab, count: u8) -> (Client, Vec<Packet>) {
    let topic = lab.topic("a");
    let mut subscriber = kept(lab).open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("earlier").await;
    for number in 0..count {
        publisher.publish(&topic, number.to_string(), 1 + number % 2).await;
    }
    let open = subscriber.take_messages(count.into()).await;
    (subscriber, open)
}

fn kept(lab: &Lab) -> Opening<'_> {
    lab.connect("subscriber").kept()
}

fn identity(message: &Packet) -> (u16, u8, String) {
    (message.id, message.qos, text(&message.payload))
}
