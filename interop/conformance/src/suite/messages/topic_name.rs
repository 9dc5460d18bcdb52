//! The topic name of PUBLISH: UTF-8, no wildcards, and what the subscriber asked for.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, frame};

cases! {
    a_topic_that_is_not_utf_8_ends_the_connection: "MQTT5-3.3.2-1", "MQTT3-3.3.2-1";
    a_topic_longer_than_its_packet_ends_the_connection: "MQTT5-3.3.2-1", "MQTT3-3.3.2-1";
    wildcards_in_a_topic_reach_nobody: "MQTT5-3.3.2-2", "MQTT3-3.3.2-2";
    what_is_delivered_matches_a_filter: "MQTT5-3.3.2-3", "MQTT3-3.3.2-3";
}

async fn a_topic_that_is_not_utf_8_ends_the_connection(lab: Lab) {
    let mut watcher = lab.subscriber("watcher", lab.topic("#"), 2).await;
    for end in [&b"\xFF"[..], b"\xC0\x80", b"\xED\xA0\x80", b"\xF4\x90\x80\x80", b"a\0b"] {
        for qos in 0..3 {
            let mut publisher = lab.client("publisher").await;
            let topic = [lab.topic("").as_bytes(), end].concat();
            publisher.send_publish(&Publish::new(&topic, "x").qos(qos, 1)).await;
            publisher.is_cut_off_unanswered(&[0x81]).await;
        }
    }
    watcher.hears_nothing().await;
}

async fn a_topic_longer_than_its_packet_ends_the_connection(lab: Lab) {
    for (first, body) in [(0x30, &b""[..]), (0x30, b"\0"), (0x30, b"\0\x04abc"), (0x32, b"\xFF\xFFabcdef")] {
        let mut publisher = lab.client("publisher").await;
        publisher.send(&frame(first, body)).await;
        publisher.is_cut_off_unanswered(&[0x81]).await;
    }
}

async fn wildcards_in_a_topic_reach_nobody(lab: Lab) {
    let mut watcher = lab.subscriber("watcher", lab.topic("#"), 2).await;
    for topic in ["a/+", "a/#", "+/b", "a+", "#a"] {
        for qos in 0..3 {
            let mut publisher = lab.client("publisher").await;
            publisher.send_publish(&Publish::new(lab.topic(topic), "x").qos(qos, 1)).await;
            if qos == 0 || !lab.is_v5() {
                publisher.is_cut_off_unanswered(&[0x90, 0x81, 0x82]).await;
            } else if publisher.is_served_or_cut_off(&[0x90, 0x81, 0x82]).await {
                let kind = if qos == 1 { Kind::PubAck } else { Kind::PubRec };
                assert_eq!(publisher.answer(kind, 1).await, 0x90, "if not the end");
            }
        }
    }
    watcher.hears_nothing().await;
}

async fn what_is_delivered_matches_a_filter(lab: Lab) {
    let mut subscriber = lab.subscriber("subscriber", lab.topic("one/+/c"), 1).await;
    subscriber.subscribe(lab.topic("two/#"), 1).await;
    subscriber.subscribe(lab.topic("three"), 1).await;
    let mut publisher = lab.client("publisher").await;
    let matching = ["one/b/c", "one//c", "two", "two/a", "two/a/b", "three"];
    let others = ["one/b", "one/b/d", "one/b/c/d", "One/b/c", "twofold", "three/a", "thre", "/three", "four"];
    for topic in others.iter().chain(&matching) {
        publisher.publish(lab.topic(topic), "x", 1).await;
    }
    let messages = subscriber.messages().await;
    let topics: Vec<_> = messages.iter().map(|message| message.topic.clone()).collect();
    assert_eq!(topics, matching.map(|topic| lab.topic(topic)));
}
