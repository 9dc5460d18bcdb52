//! Tests QoS 1, with the broker as receiver and as sender.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish};

cases! {
    a_first_delivery_has_an_identifier_and_no_dup: "MQTT5-4.3.2-2", "MQTT3-4.3.2-1";
    each_in_flight_message_has_its_own_identifier: "MQTT5-4.3.2-1", "MQTT3-4.3.2-1";
    a_message_is_in_flight_until_puback: "MQTT5-4.3.2-3", "MQTT3-4.3.2-1", "TRAP5-83", "TRAP3-83";
    puback_means_that_the_broker_owns_the_message: "MQTT5-4.3.2-4", "MQTT3-4.3.2-2";
    after_puback_the_identifier_means_a_new_message: "MQTT5-4.3.2-5", "MQTT3-4.3.2-2";
}

async fn a_first_delivery_has_an_identifier_and_no_dup(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    let mut online = harness.subscriber("online", &topic, 1).await;
    let mut away = harness.connect("away").persistent().open().await;
    away.subscribe(&topic, 1).await;
    away.disconnect().await;
    for qos in [1, 2] {
        publisher.publish_retained(&topic, "x", qos).await;
        let message = online.expect_message("x").await;
        assert_eq!(message.bytes[0], 0x32, "live, published at QoS {qos}");
        assert!(message.id > 0);
    }
    let mut away = harness.connect("away").persistent().open().await;
    assert_eq!(away.expect_message("x").await.bytes[0], 0x32, "from the queue");
    let mut late = harness.subscriber("late", &topic, 1).await;
    assert_eq!(late.expect_message("x").await.bytes[0], 0x33, "retained");
}

async fn each_in_flight_message_has_its_own_identifier(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 1).await;
    let mut publisher = harness.client("publisher").await;
    let mut in_flight = Vec::new();
    for round in 0..40 {
        publisher.publish(&topic, "x", 1).await;
        let message = subscriber.next_message().await;
        assert!(!in_flight.contains(&message.id), "{} is in use", message.id);
        in_flight.push(message.id);
        if round % 3 == 0 || in_flight.len() > 15 {
            let id = in_flight.remove(in_flight.len() / 2);
            subscriber.send_ack(0x40, id, 0).await;
        }
    }
}

async fn a_message_is_in_flight_until_puback(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    let connect = || harness.connect("subscriber").persistent();
    let mut subscriber = connect().open().await;
    subscriber.subscribe(&topic, 1).await;
    publisher.publish(&topic, "x", 1).await;
    let id = subscriber.next_message().await.id;
    subscriber.drop_connection().await;
    let mut subscriber = connect().open().await;
    assert_eq!(subscriber.next_message().await.id, id, "after a lost connection");
    subscriber.disconnect().await;
    let mut subscriber = connect().open().await;
    assert_eq!(subscriber.next_message().await.id, id, "after DISCONNECT");
    let mut taken_over = subscriber;
    let mut subscriber = connect().open().await;
    taken_over.wait_for_end().await;
    assert_eq!(subscriber.next_message().await.id, id, "after a takeover");
    subscriber.send_ack(0x40, id, 0).await;
    subscriber.expect_no_message().await;
    subscriber.drop_connection().await;
    connect().open().await.expect_no_message().await;
}

async fn puback_means_that_the_broker_owns_the_message(harness: Harness) {
    let topic = harness.topic("a");
    let mut online = harness.subscriber("online", &topic, 1).await;
    let mut away = harness.connect("away").persistent().open().await;
    away.subscribe(&topic, 1).await;
    away.disconnect().await;
    let mut publisher = harness.client("publisher").await;
    for id in [1, 300, 65_535] {
        publisher.send_publish(&Publish::new(&topic, id.to_string()).qos(1, id)).await;
        assert!(publisher.expect_ack(PacketType::PubAck, id).await < 0x80);
    }
    publisher.drop_connection().await;
    let mut back = harness.connect("away").persistent().open().await;
    for payload in ["1", "300", "65535"] {
        online.expect_message(payload).await;
        back.expect_message(payload).await;
    }
}

async fn after_puback_the_identifier_means_a_new_message(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 1).await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    publisher.send_publish(&Publish::new(&topic, "one").qos(1, 1)).await;
    publisher.expect_ack(PacketType::PubAck, 1).await;
    publisher.send_publish(&Publish::new(&topic, "two").qos(1, 1).dup()).await;
    publisher.expect_ack(PacketType::PubAck, 1).await;
    publisher.drop_connection().await;
    let mut publisher = harness.connect("publisher").persistent().open().await;
    publisher.send_publish(&Publish::new(&topic, "two").qos(1, 1).dup()).await;
    publisher.expect_ack(PacketType::PubAck, 1).await;
    for payload in ["one", "two", "two"] {
        subscriber.expect_message(payload).await;
    }
}
