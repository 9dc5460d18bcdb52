//! QoS 1: the broker as receiver and as sender.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish};

cases! {
    a_first_delivery_has_an_identifier_and_no_dup: "MQTT5-4.3.2-2", "MQTT3-4.3.2-1";
    each_open_message_has_an_identifier_of_its_own: "MQTT5-4.3.2-1", "MQTT3-4.3.2-1";
    a_message_is_open_until_puback: "MQTT5-4.3.2-3", "MQTT3-4.3.2-1", "TRAP5-83", "TRAP3-83";
    puback_comes_for_what_the_broker_owns: "MQTT5-4.3.2-4", "MQTT3-4.3.2-2";
    after_puback_the_identifier_means_a_new_message: "MQTT5-4.3.2-5", "MQTT3-4.3.2-2";
}

async fn a_first_delivery_has_an_identifier_and_no_dup(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.client("publisher").await;
    let mut online = lab.subscriber("online", &topic, 1).await;
    let mut away = lab.connect("away").kept().open().await;
    away.subscribe(&topic, 1).await;
    away.leave().await;
    for qos in [1, 2] {
        publisher.publish_retained(&topic, "x", qos).await;
        let message = online.hears("x").await;
        assert_eq!(message.bytes[0], 0x32, "live, published at QoS {qos}");
        assert!(message.id > 0);
    }
    let mut away = lab.connect("away").kept().open().await;
    assert_eq!(away.hears("x").await.bytes[0], 0x32, "from the queue");
    let mut late = lab.subscriber("late", &topic, 1).await;
    assert_eq!(late.hears("x").await.bytes[0], 0x33, "retained");
}

async fn each_open_message_has_an_identifier_of_its_own(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 1).await;
    let mut publisher = lab.client("publisher").await;
    let mut open = Vec::new();
    for round in 0..40 {
        publisher.publish(&topic, "x", 1).await;
        let message = subscriber.message().await;
        assert!(!open.contains(&message.id), "{} is open", message.id);
        open.push(message.id);
        if round % 3 == 0 || open.len() > 15 {
            let id = open.remove(open.len() / 2);
            subscriber.send_ack(0x40, id, 0).await;
        }
    }
}

async fn a_message_is_open_until_puback(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.client("publisher").await;
    let connect = || lab.connect("subscriber").kept();
    let mut subscriber = connect().open().await;
    subscriber.subscribe(&topic, 1).await;
    publisher.publish(&topic, "x", 1).await;
    let id = subscriber.message().await.id;
    subscriber.cut().await;
    let mut subscriber = connect().open().await;
    assert_eq!(subscriber.message().await.id, id, "after a cut");
    subscriber.leave().await;
    let mut subscriber = connect().open().await;
    assert_eq!(subscriber.message().await.id, id, "after DISCONNECT");
    let mut taken_over = subscriber;
    let mut subscriber = connect().open().await;
    taken_over.wait_for_end().await;
    assert_eq!(subscriber.message().await.id, id, "after a takeover");
    subscriber.send_ack(0x40, id, 0).await;
    subscriber.hears_nothing().await;
    subscriber.cut().await;
    connect().open().await.hears_nothing().await;
}

async fn puback_comes_for_what_the_broker_owns(lab: Lab) {
    let topic = lab.topic("a");
    let mut online = lab.subscriber("online", &topic, 1).await;
    let mut away = lab.connect("away").kept().open().await;
    away.subscribe(&topic, 1).await;
    away.leave().await;
    let mut publisher = lab.client("publisher").await;
    for id in [1, 300, 65_535] {
        publisher.send_publish(&Publish::new(&topic, id.to_string()).qos(1, id)).await;
        assert!(publisher.answer(Kind::PubAck, id).await < 0x80);
    }
    publisher.cut().await;
    let mut back = lab.connect("away").kept().open().await;
    for payload in ["1", "300", "65535"] {
        online.hears(payload).await;
        back.hears(payload).await;
    }
}

async fn after_puback_the_identifier_means_a_new_message(lab: Lab) {
    let topic = lab.topic("a");
    let mut subscriber = lab.subscriber("subscriber", &topic, 1).await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    publisher.send_publish(&Publish::new(&topic, "one").qos(1, 1)).await;
    publisher.answer(Kind::PubAck, 1).await;
    publisher.send_publish(&Publish::new(&topic, "two").qos(1, 1).dup()).await;
    publisher.answer(Kind::PubAck, 1).await;
    publisher.cut().await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    publisher.send_publish(&Publish::new(&topic, "two").qos(1, 1).dup()).await;
    publisher.answer(Kind::PubAck, 1).await;
    for payload in ["one", "two", "two"] {
        subscriber.hears(payload).await;
    }
}
