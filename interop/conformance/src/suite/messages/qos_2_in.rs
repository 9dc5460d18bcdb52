//! QoS 2 with the broker as receiver: PUBREC, one delivery, PUBCOMP.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Publish};

cases! {
    pubrec_and_pubcomp_have_the_identifier: "MQTT5-4.3.3-8", "MQTT5-4.3.3-11", "MQTT3-4.3.3-2";
    a_repeat_gets_pubrec_and_is_delivered_once: "MQTT5-4.3.3-10", "MQTT3-4.3.3-2", "TRAP5-75", "TRAP3-75", "TRAP5-77";
    a_repeat_on_a_later_connection_is_delivered_once: "MQTT5-4.3.3-10", "MQTT3-4.3.3-2", "TRAP5-76", "TRAP3-76", "TRAP5-77";
    an_unknown_release_gets_pubcomp: "MQTT5-4.3.3-11";
    after_pubcomp_the_identifier_means_a_new_message: "MQTT5-4.3.3-12", "MQTT3-4.3.3-2";
    after_a_failing_pubrec_the_identifier_is_free [OWN]: "MQTT5-4.3.3-9";
    a_quota_refusal_frees_the_identifier [REJECTING]: "MQTT5-4.3.3-9";
    a_publisher_dies_between_pubrec_and_release: "MQTT5-4.3.3-11", "MQTT3-4.3.3-2";
}

async fn pubrec_and_pubcomp_have_the_identifier(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for id in [1, 300, 65_535] {
        send(&mut publisher, &Publish::new(&topic, "x").qos(2, id)).await;
    }
    for id in [300, 65_535, 1] {
        release(&mut publisher, id).await;
        subscriber.hears("x").await;
    }
    subscriber.hears_nothing().await;
}

async fn a_repeat_gets_pubrec_and_is_delivered_once(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    let publish = Publish::new(&topic, "x").qos(2, 7);
    send(&mut publisher, &publish).await;
    for _ in 0..4 {
        send(&mut publisher, &publish.clone().dup()).await;
    }
    release(&mut publisher, 7).await;
    subscriber.hears("x").await;
    subscriber.hears_nothing().await;
}

async fn a_repeat_on_a_later_connection_is_delivered_once(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    let publish = Publish::new(&topic, "x").qos(2, 7);
    let mut publisher = lab.connect("publisher").kept().open().await;
    send(&mut publisher, &publish).await;
    for _ in 0..3 {
        publisher.cut().await;
        publisher = lab.connect("publisher").kept().open().await;
        send(&mut publisher, &publish.clone().dup()).await;
    }
    release(&mut publisher, 7).await;
    subscriber.hears("x").await;
    send(&mut publisher, &publish).await;
    release(&mut publisher, 7).await;
    subscriber.hears("x").await;
    subscriber.hears_nothing().await;
}

async fn an_unknown_release_gets_pubcomp(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    send(&mut publisher, &Publish::new(lab.topic("a"), "x").qos(2, 7)).await;
    release(&mut publisher, 7).await;
    for id in [7, 7, 8, 65_535] {
        publisher.send_ack(0x62, id, 0).await;
        let code = publisher.answer(Kind::PubComp, id).await;
        assert!([0, 0x92].contains(&code), "{code:#04x}");
    }
}

async fn after_pubcomp_the_identifier_means_a_new_message(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    send(&mut publisher, &Publish::new(&topic, "one").qos(2, 1)).await;
    release(&mut publisher, 1).await;
    send(&mut publisher, &Publish::new(&topic, "two").qos(2, 1)).await;
    release(&mut publisher, 1).await;
    send(&mut publisher, &Publish::new(&topic, "three").qos(2, 1).dup()).await;
    release(&mut publisher, 1).await;
    for payload in ["one", "two", "three"] {
        subscriber.hears(payload).await;
    }
    subscriber.hears_nothing().await;
}

/// No client may publish to a topic that begins with `$`.
async fn after_a_failing_pubrec_the_identifier_is_free(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    let mut publisher = lab.client("publisher").await;
    for payload in ["one", "two"] {
        publisher.send_publish(&Publish::new(format!("$x/{topic}"), "x").qos(2, 1)).await;
        assert_eq!(publisher.answer(Kind::PubRec, 1).await, 0x87);
        send(&mut publisher, &Publish::new(&topic, payload).qos(2, 1)).await;
        release(&mut publisher, 1).await;
        subscriber.hears(payload).await;
    }
    subscriber.hears_nothing().await;
}

async fn a_quota_refusal_frees_the_identifier(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.connect("subscriber").kept().open().await;
    subscriber.subscribe(&topic, 2).await;
    subscriber.leave().await;
    let mut publisher = lab.client("publisher").await;
    publisher.publish(&topic, "first", 1).await;
    publisher.send_publish(&Publish::new(&topic, "refused").qos(2, 9)).await;
    assert_eq!(publisher.answer(Kind::PubRec, 9).await, 0x97);
    let mut subscriber = lab.connect("subscriber").kept().open().await;
    subscriber.hears("first").await;
    send(&mut publisher, &Publish::new(&topic, "second").qos(2, 9)).await;
    release(&mut publisher, 9).await;
    subscriber.hears("second").await;
    subscriber.hears_nothing().await;
}

async fn a_publisher_dies_between_pubrec_and_release(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 2).await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    for id in [3, 2, 1] {
        send(&mut publisher, &Publish::new(&topic, "x").qos(2, id)).await;
    }
    publisher.cut().await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    for id in [3, 2, 1] {
        release(&mut publisher, id).await;
        subscriber.hears("x").await;
    }
    subscriber.hears_nothing().await;
}

/// PUBLISH and its PUBREC, which accepts.
async fn send(publisher: &mut Client, publish: &Publish) {
    publisher.send_publish(publish).await;
    let code = publisher.answer(Kind::PubRec, publish.id).await;
    assert!([0, 0x10].contains(&code), "the PUBREC: {code:#04x}");
}

/// PUBREL and its PUBCOMP.
async fn release(publisher: &mut Client, id: u16) {
    publisher.send_ack(0x62, id, 0).await;
    assert_eq!(publisher.answer(Kind::PubComp, id).await, 0, "the PUBCOMP");
}
