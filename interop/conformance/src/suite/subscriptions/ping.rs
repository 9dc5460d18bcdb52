//! PINGREQ is answered, whatever else goes on.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, property};

cases! {
    pingreq_is_answered: "MQTT5-3.12.4-1", "MQTT3-3.12.4-1";
    pingreq_is_answered_under_load: "MQTT5-3.12.4-1", "MQTT3-3.12.4-1";
    pingreq_is_answered_while_no_message_may_be_sent: "MQTT5-3.12.4-1", "MQTT3-3.12.4-1";
    pingreq_is_answered_while_no_message_may_come [SMALL]: "MQTT5-3.12.4-1";
}

async fn pingreq_is_answered(lab: Lab) {
    let mut client = lab.client("one").await;
    client.send(&[0xC0, 0]).await;
    assert_eq!(client.next().await.bytes, [0xD0, 0]);
    // Each has its answer.
    client.send(&[0xC0, 0, 0xC0, 0, 0xC0, 0]).await;
    for _ in 0..3 {
        assert_eq!(client.next().await.bytes, [0xD0, 0]);
    }
    client.subscribe(lab.topic("a"), 0).await;
    assert!(!client.has(Kind::PingResp), "one answer each");
}

async fn pingreq_is_answered_under_load(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.subscriber("one", &topic, 0).await;
    let publish = Publish::new(&topic, [b'x'; 100]).encode(lab.version);
    let round = [publish.repeat(10), vec![0xC0, 0]].concat();
    for _ in 0..20 {
        client.send(&round.repeat(5)).await;
    }
    for _ in 0..100 {
        client.take(Kind::PingResp).await;
    }
    client.ping().await;
    assert!(!client.has(Kind::PingResp), "one answer each");
}

async fn pingreq_is_answered_while_no_message_may_be_sent(lab: Lab) {
    let topic = lab.topic("a");
    let mut client = lab.connect("one").number(property::RECEIVE_MAXIMUM, 1).open().await;
    client.subscribe(&topic, 1).await;
    let mut other = lab.client("other").await;
    for _ in 0..10 {
        other.publish(&topic, "x", 1).await;
    }
    client.message().await;
    for _ in 0..3 {
        client.ping().await;
    }
    assert!(!lab.is_v5() || !client.has(Kind::Publish), "the quota is used up");
}

async fn pingreq_is_answered_while_no_message_may_come(lab: Lab) {
    let mut client = lab.client("one").await;
    for id in 1..=5 {
        client.send(&Publish::new(lab.topic("a"), "x").qos(2, id).encode(lab.version)).await;
        client.answer(Kind::PubRec, id).await;
    }
    client.ping().await;
}
