//! Tests the flags DUP and QoS of PUBLISH, and that the broker answers with the acknowledgement that belongs to the
//! QoS.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, length_prefixed, packet_with_body};

cases! {
    the_publishers_dup_is_not_forwarded: "MQTT5-3.3.1-3", "MQTT3-3.3.1-3";
    qos_0_is_sent_without_dup: "MQTT5-3.3.1-2", "MQTT5-4.3.1-1", "MQTT3-3.3.1-2", "MQTT3-4.3.1-1";
    dup_at_qos_0_is_refused_or_cleared: "MQTT5-3.3.1-2", "MQTT3-3.3.1-2";
    qos_3_ends_the_connection: "MQTT5-3.3.1-4", "MQTT3-3.3.1-4";
    the_qos_decides_the_answer: "MQTT5-3.3.4-1", "MQTT3-3.3.4-1";
}

async fn the_publishers_dup_is_not_forwarded(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for qos in [1, 2] {
        publisher.exchange_publish(Publish::new(&topic, "x").qos(qos, 0).dup()).await;
        let message = subscriber.expect_message("x").await;
        assert_eq!((message.qos, message.dup), (qos, false), "QoS and DUP");
    }
}

async fn qos_0_is_sent_without_dup(harness: Harness) {
    let topic = harness.topic("a");
    let mut none = harness.subscriber("none", &topic, 0).await;
    let mut highest = harness.subscriber("highest", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    for qos in [1, 2] {
        publisher.exchange_publish(Publish::new(&topic, "x").qos(qos, 0).dup()).await;
        assert_eq!(
            none.expect_message("x").await.bytes[0],
            0x30,
            "published at QoS {qos} with DUP, granted 0"
        );
        assert_eq!(highest.expect_message("x").await.qos, qos);
    }
    publisher.publish_retained(&topic, "y", 0).await;
    for client in [&mut none, &mut highest] {
        assert_eq!(client.expect_message("y").await.bytes[0], 0x30, "published at QoS 0");
    }
    let mut late = harness.subscriber("late", &topic, 2).await;
    assert_eq!(late.expect_message("y").await.bytes[0], 0x31, "retained at QoS 0");
}

async fn dup_at_qos_0_is_refused_or_cleared(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    let mut publisher = harness.client("publisher").await;
    publisher.send_publish(&Publish::new(&topic, "x").dup()).await;
    if publisher.stays_open_or_closes(&[0x81]).await {
        for message in subscriber.drain_messages().await {
            assert_eq!(message.bytes[0], 0x30, "DUP is cleared");
        }
    } else {
        subscriber.expect_no_message().await;
    }
}

async fn qos_3_ends_the_connection(harness: Harness) {
    let topic = harness.topic("a");
    let mut subscriber = harness.subscriber("subscriber", &topic, 2).await;
    for first in [0x36, 0x37, 0x3E, 0x3F] {
        let mut publisher = harness.client("publisher").await;
        let properties: &[u8] = if harness.is_v5() { &[0] } else { &[] };
        let body =
            [length_prefixed(topic.as_bytes()), vec![0, 1], properties.to_vec(), b"x".to_vec()].concat();
        publisher.send(&packet_with_body(first, &body)).await;
        publisher.expect_close_without_answer(&[0x81]).await;
    }
    subscriber.expect_no_message().await;
}

async fn the_qos_decides_the_answer(harness: Harness) {
    let topic = harness.topic("a");
    let mut publisher = harness.client("publisher").await;
    for (qos, id) in [(0, 0), (1, 700), (2, 65_535)] {
        publisher.send_publish(&Publish::new(&topic, "x").qos(qos, id)).await;
    }
    let answers =
        [publisher.next().await, publisher.next().await].map(|answer| (answer.packet_type, answer.id));
    assert!(answers.contains(&(PacketType::PubAck, 700)), "{answers:?}");
    assert!(answers.contains(&(PacketType::PubRec, 65_535)), "{answers:?}");
    publisher.send_ack(0x62, 65_535, 0).await;
    assert_eq!(publisher.expect_ack(PacketType::PubComp, 65_535).await, 0);
    publisher.send(&[0xC0, 0]).await;
    assert_eq!(publisher.next().await.packet_type, PacketType::PingResp, "no further answers");
}
