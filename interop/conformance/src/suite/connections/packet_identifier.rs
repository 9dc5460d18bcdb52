//! Packet identifiers: which packets have one, who chooses it, who repeats it.

use std::collections::HashSet;

use super::cut_off_for;
use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, Subscribe, Unsubscribe, ack, text};

cases! {
    qos_0_has_no_identifier: "MQTT5-2.2.1-2", "MQTT3-2.3.1-5";
    an_identifier_of_zero_ends_the_connection: "MQTT5-2.2.1-3", "MQTT3-2.3.1-1";
    acknowledgements_repeat_the_identifier_of_the_publish: "MQTT5-2.2.1-5", "MQTT3-2.3.1-6";
    answers_to_pipelined_requests_repeat_their_identifiers: "MQTT5-2.2.1-6", "MQTT3-2.3.1-7";
    open_messages_have_identifiers_of_their_own: "MQTT5-2.2.1-4", "MQTT3-2.3.1-4", "MQTT3-2.3.1-1";
    open_identifiers_are_passed_over_when_the_numbers_wrap: "MQTT5-2.2.1-4", "MQTT3-2.3.1-4";
}

async fn qos_0_has_no_identifier(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.subscriber("one", &topic, 2).await;
    // Two bytes that would pass for an identifier.
    client.publish(&topic, [0, 7, 1], 0).await;
    let message = client.receive().await;
    let empty = if lab.is_v5() { &[0][..] } else { &[] };
    let body = [&text(topic.as_bytes()), empty, &[0, 7, 1]].concat();
    assert_eq!(&message.bytes[2..], body, "the payload directly behind");
    // The same where only the subscription is at QoS 0.
    client.subscribe(&topic, 0).await;
    client.publish(&topic, [0, 7, 1], 2).await;
    assert_eq!(&client.receive().await.bytes[2..], body, "granted QoS 0");
}

async fn an_identifier_of_zero_ends_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = super::watcher(&lab).await;
    let zero = [
        Publish::new(&topic, "x").qos(1, 0).encode(lab.version),
        Publish::new(&topic, "x").qos(2, 0).encode(lab.version),
        Subscribe::new(0).filter(&topic, 0).encode(lab.version),
        Unsubscribe::new(0).filter(&topic).encode(lab.version),
    ];
    for bytes in zero {
        cut_off_for(&lab, &bytes, &[0x82, 0x81]).await;
    }
    watcher.hears_nothing().await;
}

async fn acknowledgements_repeat_the_identifier_of_the_publish(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.client("one").await;
    for id in [0x1234, 1, 0xFFFF, 0x00FF, 0xFF00] {
        client.send(&Publish::new(&topic, "x").qos(1, id).encode(lab.version)).await;
        client.answer(Kind::PubAck, id).await;
        client.send(&Publish::new(&topic, "x").qos(2, id).encode(lab.version)).await;
        client.answer(Kind::PubRec, id).await;
        client.send(&ack(0x62, id, 0)).await;
        client.answer(Kind::PubComp, id).await;
    }
    let mut receiver = lab.subscriber("two", &topic, 2).await;
    for _ in 0..3 {
        client.publish(&topic, "x", 2).await;
        let message = receiver.message().await;
        receiver.send(&ack(0x50, message.id, 0)).await;
        receiver.answer(Kind::PubRel, message.id).await;
        receiver.send(&ack(0x70, message.id, 0)).await;
    }
}

async fn answers_to_pipelined_requests_repeat_their_identifiers(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.client("one").await;
    let requests = [0x1234, 1, 65_535, 0x00FF, 0xFF00];
    let mut bytes = Vec::new();
    for id in requests {
        bytes.extend(Subscribe::new(id).filter(&topic, 0).encode(lab.version));
        bytes.extend(Unsubscribe::new(id).filter(&topic).encode(lab.version));
    }
    client.send(&bytes).await;
    for kind in [Kind::SubAck, Kind::UnsubAck] {
        let mut answered = Vec::new();
        for _ in requests {
            answered.push(client.take(kind).await.id);
        }
        answered.sort_unstable();
        let mut asked = requests;
        asked.sort_unstable();
        assert_eq!(answered, asked, "{kind:?}");
    }
    client.ping().await;
    assert!(!client.has(Kind::SubAck) && !client.has(Kind::UnsubAck), "one answer each");
}

async fn open_messages_have_identifiers_of_their_own(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").kept().open().await;
    client.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    let mut open = Vec::new();
    for number in 0..OPEN {
        publisher.publish(&topic, [number], 1 + number % 2).await;
        open.push(client.message().await.id);
    }
    assert_eq!(HashSet::<u16>::from_iter(open.clone()).len(), open.len(), "all differ: {open:?}");
    // Sent again under the same identifiers.
    client.cut().await;
    let mut client = lab.connect("one").kept().open().await;
    let mut again = Vec::new();
    for number in 0..OPEN {
        let message = client.message().await;
        assert_eq!((message.payload.as_slice(), message.dup), (&[number][..], true), "in order, as repeated");
        again.push(message.id);
    }
    assert_eq!(again, open, "the identifiers of before");
    // What is acknowledged makes room; what is not stays taken, PUBREC and all.
    client.send(&ack(0x40, open[0], 0)).await;
    client.send(&ack(0x50, open[1], 0)).await;
    client.answer(Kind::PubRel, open[1]).await;
    for number in 0..OPEN / 2 {
        publisher.publish(&topic, [number], 1).await;
        let message = client.message().await;
        assert!(!open[1..].contains(&message.id), "{} is taken", message.id);
        client.acknowledge(&message).await;
    }
}

async fn open_identifiers_are_passed_over_when_the_numbers_wrap(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.subscriber("one", &topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    publisher.publish(&topic, "one", 1).await;
    let held = client.message().await.id;
    publisher.publish(&topic, "two", 2).await;
    let received = client.message().await.id;
    client.send(&ack(0x50, received, 0)).await;
    client.answer(Kind::PubRel, received).await;
    let publish = |id| Publish::new(&topic, "").qos(1, id).encode(lab.version);
    let batch: Vec<u8> = (1..=BATCH).flat_map(publish).collect();
    for _ in 0..=u16::MAX / BATCH {
        publisher.send(&batch).await;
        for _ in 1..=BATCH {
            let id = client.message().await.id;
            assert!(id != held && id != received, "{id} is taken");
            client.send(&ack(0x40, id, 0)).await;
        }
        for id in 1..=BATCH {
            publisher.answer(Kind::PubAck, id).await;
        }
    }
    client.ping().await;
}

const OPEN: u8 = 20;
/// Publishes on their way at once.
const BATCH: u16 = 250;
