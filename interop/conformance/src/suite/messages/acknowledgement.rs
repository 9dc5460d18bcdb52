//! PUBACK, PUBREC, PUBREL and PUBCOMP: their reasons, their flags, their short and long forms.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, ack, frame, packet, property};

cases! {
    a_publish_nobody_wants_is_acknowledged: "MQTT5-3.4.2-1", "MQTT5-3.5.2-1", "TRAP5-86";
    a_forbidden_publish_is_refused [OWN]: "MQTT5-3.4.2-1", "MQTT5-3.5.2-1";
    a_full_queue_is_told [REJECTING]: "MQTT5-3.4.2-1", "MQTT5-3.5.2-1";
    a_forbidden_publish_is_acknowledged_or_the_end [OWN]: "MQTT3-3.3.5-2";
    a_release_has_a_listed_reason: "MQTT5-3.6.2-1", "TRAP5-89";
    a_completion_has_a_listed_reason: "MQTT5-3.7.2-1", "TRAP5-85";
    answers_out_of_the_blue_are_no_fault: "TRAP5-89";
    a_stray_puback_does_not_touch_a_later_message: "TRAP5-89", "MQTT5-4.3.2-3";
    every_form_of_an_acknowledgement_is_read: "TRAP5-87";
    pubrel_with_other_flags_ends_the_connection: "MQTT5-3.6.1-1", "MQTT3-3.6.1-1";
    pubrel_is_sent_with_its_flags: "MQTT5-3.6.1-1", "MQTT3-3.6.1-1";
}

// That a code is a listed one is found by the reader of every packet.

async fn a_publish_nobody_wants_is_acknowledged(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    for qos in [1, 2] {
        let code = publisher.publish(lab.topic("unwanted"), "x", qos).await;
        assert!([0, 0x10].contains(&code), "QoS {qos}: {code:#04x}");
    }
    let mut subscriber = lab.subscriber("subscriber", lab.topic("wanted"), 2).await;
    for qos in [1, 2] {
        assert_eq!(publisher.publish(lab.topic("wanted"), "x", qos).await, 0, "somebody subscribed");
        subscriber.hears("x").await;
    }
}

/// No client may publish to a topic that begins with `$`.
async fn a_forbidden_publish_is_refused(lab: Lab) {
    let topic = format!("$x/{}", lab.topic("a"));
    let mut watcher = lab.subscriber("watcher", &topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for qos in [1, 2] {
        assert_eq!(publisher.publish(&topic, "x", qos).await, 0x87);
    }
    watcher.hears_nothing().await;
}

async fn a_full_queue_is_told(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.connect("subscriber").kept().open().await;
    subscriber.subscribe(&topic, 2).await;
    subscriber.leave().await;
    let mut publisher = lab.client("publisher").await;
    assert_eq!(publisher.publish(&topic, "first", 2).await, 0);
    for qos in [1, 2] {
        assert_eq!(publisher.publish(&topic, "more", qos).await, 0x97);
    }
    assert_eq!(lab.connect("subscriber").kept().open().await.payloads().await, ["first"]);
}

/// No client may publish to a topic that begins with `$`.
async fn a_forbidden_publish_is_acknowledged_or_the_end(lab: Lab) {
    let topic = format!("$x/{}", lab.topic("a"));
    let mut watcher = lab.subscriber("watcher", &topic, 2).await;
    for qos in [1, 2] {
        let mut publisher = lab.client("publisher").await;
        publisher.send_publish(&Publish::new(&topic, "x").qos(qos, 1).retain()).await;
        if publisher.is_served_or_cut_off(&[]).await {
            publisher.answer(if qos == 1 { Kind::PubAck } else { Kind::PubRec }, 1).await;
            if qos == 2 {
                publisher.send_ack(0x62, 1, 0).await;
                publisher.answer(Kind::PubComp, 1).await;
            }
        }
    }
    watcher.hears_nothing().await;
    lab.subscriber("late", &topic, 2).await.hears_nothing().await;
}

async fn a_release_has_a_listed_reason(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    lab.client("publisher").await.publish(&topic, "x", 2).await;
    let id = subscriber.message().await.id;
    subscriber.send_ack(0x50, id, 0).await;
    assert_eq!(subscriber.answer(Kind::PubRel, id).await, 0);
    subscriber.send_ack(0x50, id + 1, 0).await;
    subscriber.ping().await;
    for release in subscriber.drain(Kind::PubRel) {
        assert_eq!(release.id, id + 1, "for the PUBREC that nobody waited for, if for any");
    }
}

async fn a_completion_has_a_listed_reason(lab: Lab) {
    let mut publisher = lab.connect("publisher").kept().open().await;
    publisher.send_publish(&Publish::new(lab.topic("a"), "x").qos(2, 1)).await;
    publisher.answer(Kind::PubRec, 1).await;
    publisher.send_ack(0x62, 1, 0).await;
    assert_eq!(publisher.answer(Kind::PubComp, 1).await, 0, "known");
    publisher.cut().await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    for id in [1, 2, 65_535] {
        publisher.send_ack(0x62, id, 0).await;
        let code = publisher.answer(Kind::PubComp, id).await;
        assert!([0, 0x92].contains(&code), "unknown: {code:#04x}");
    }
}

async fn answers_out_of_the_blue_are_no_fault(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.subscriber("client", &topic, 2).await;
    for id in [1, 1000, 65_535] {
        for (first, code) in [(0x40, 0), (0x40, 0x80), (0x50, 0), (0x50, 0x80), (0x62, 0x92), (0x70, 0x92)] {
            client.send_ack(first, id, code).await;
        }
    }
    client.ping().await;
    assert_eq!(client.drain(Kind::PubComp).len(), 3, "each PUBREL is answered");
    client.drain(Kind::PubRel);
    client.publish(&topic, "x", 2).await;
    client.hears("x").await;
}

/// The acknowledgement comes before the message that it could be taken for, in the same breath.
async fn a_stray_puback_does_not_touch_a_later_message(lab: Lab) {
    let topic = lab.topic("a");
    for qos in [1, 2] {
        let mut client = lab.connect("client").kept().open().await;
        client.subscribe(&topic, 2).await;
        let strays: Vec<u8> = (1..5).flat_map(|id| ack(0x40, id, 0)).collect();
        let publish = Publish::new(&topic, "x").qos(qos, 9).encode(client.version);
        let release = if qos == 2 { ack(0x62, 9, 0) } else { Vec::new() };
        client.send(&[strays, publish, release].concat()).await;
        let id = client.message().await.id;
        client.cut().await;
        let mut client = lab.connect("client").kept().open().await;
        let again: Vec<_> = client.messages().await.iter().map(|message| message.id).collect();
        assert_eq!(again, [id], "nobody acknowledged it");
        client.leave().await;
        lab.client("client").await.leave().await;
    }
}

async fn every_form_of_an_acknowledgement_is_read(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.connect("subscriber").kept().open().await;
    subscriber.subscribe(&topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    let reason: &[u8] = &[0, 6, property::REASON_STRING, 0, 3, b'b', b'o', b'w'];
    let user: &[u8] = &[0, 7, property::USER_PROPERTY, 0, 1, b'a', 0, 1, b'b'];
    for end in [&[][..], &[0], &[0, 0], reason, user] {
        publisher.publish(&topic, "once", 1).await;
        let id = subscriber.message().await.id.to_be_bytes();
        subscriber.send(&packet(0x40, &[&id, end])).await;
        publisher.publish(&topic, "twice", 2).await;
        let id = subscriber.message().await.id.to_be_bytes();
        subscriber.send(&packet(0x50, &[&id, end])).await;
        subscriber.take(Kind::PubRel).await;
        subscriber.send(&packet(0x70, &[&id, end])).await;
        publisher.send_publish(&Publish::new(lab.topic("b"), "x").qos(2, 9)).await;
        publisher.answer(Kind::PubRec, 9).await;
        publisher.send(&packet(0x62, &[&[0, 9], end])).await;
        assert_eq!(publisher.answer(Kind::PubComp, 9).await, 0);
    }
    subscriber.ping().await;
    subscriber.cut().await;
    let mut subscriber = lab.connect("subscriber").kept().open().await;
    subscriber.hears_nothing().await;
    assert!(!subscriber.has(Kind::PubRel), "all was completed");
}

async fn pubrel_with_other_flags_ends_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    for flags in (0..16).filter(|flags| *flags != 2) {
        let mut publisher = lab.client("publisher").await;
        publisher.send_publish(&Publish::new(&topic, "x").qos(2, 1)).await;
        publisher.answer(Kind::PubRec, 1).await;
        publisher.send(&frame(0x60 | flags, &[0, 1])).await;
        publisher.is_cut_off_unanswered(&[0x81]).await;
    }
}

async fn pubrel_is_sent_with_its_flags(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    lab.client("publisher").await.publish(&topic, "x", 2).await;
    let id = subscriber.message().await.id;
    subscriber.send_ack(0x50, id, 0).await;
    assert_eq!(subscriber.take(Kind::PubRel).await.bytes[0], 0x62);
}
