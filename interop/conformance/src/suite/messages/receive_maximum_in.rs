//! The broker's Receive Maximum: what a client may have open, and what happens beyond it.

use std::ops::Range;

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Kind, Publish, property};

cases! {
    one_message_too_many_ends_the_connection: "MQTT5-3.3.4-7", "TRAP5-69";
    what_is_completed_does_not_count [SMALL]: "MQTT5-3.3.4-7", "TRAP5-69";
    a_refused_message_does_not_count [SMALL]: "MQTT5-3.3.4-7", "TRAP5-70";
    each_connection_counts_anew [SMALL]: "MQTT5-3.3.4-7", "MQTT5-4.9.0-1";
}

async fn one_message_too_many_ends_the_connection(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 0).await;
    let (mut publisher, connack) = lab.connect("publisher").accepted().await;
    let Some(maximum) = connack.properties.get_number(property::RECEIVE_MAXIMUM) else {
        // It is 65,535, and there are no more identifiers.
        return lab.not_offered("Receive Maximum");
    };
    let maximum = u16::try_from(maximum).expect("two bytes");
    assert!(maximum > 0, "0 is no maximum");
    for id in 1..=maximum {
        publisher.send_publish(&Publish::new(&topic, "x").qos(2, id)).await;
        assert!(publisher.answer(Kind::PubRec, id).await < 0x80);
    }
    publisher.ping().await;
    if maximum < 65_535 {
        publisher.send_publish(&Publish::new(&topic, "excess").qos(2, maximum + 1)).await;
        publisher.is_cut_off_unanswered(&[0x93]).await;
    }
    assert!(!watcher.payloads().await.contains(&"excess".to_owned()), "the last one went nowhere");
}

async fn what_is_completed_does_not_count(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.client("publisher").await;
    open(&mut publisher, &topic, 1001..1005).await;
    for _ in 0..20 {
        publisher.publish(&topic, "x", 1).await;
        publisher.publish(&topic, "x", 0).await;
    }
    for id in 1100..1120 {
        open(&mut publisher, &topic, id..id + 1).await;
        publisher.send_ack(0x62, id, 0).await;
        assert_eq!(publisher.answer(Kind::PubComp, id).await, 0);
    }
    open(&mut publisher, &topic, 1005..1006).await;
    open(&mut publisher, &topic, 1005..1006).await; // A repeat is the same message.
    publisher.send_publish(&Publish::new(&topic, "x").qos(2, 1006)).await;
    publisher.is_cut_off_unanswered(&[0x93]).await;
}

/// No client may publish to a topic that begins with `$`.
async fn a_refused_message_does_not_count(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.client("publisher").await;
    open(&mut publisher, &topic, 1001..1005).await;
    for _ in 0..20 {
        assert_eq!(publisher.publish(format!("$x/{topic}"), "x", 2).await, 0x87);
        assert_eq!(publisher.publish(format!("$x/{topic}"), "x", 1).await, 0x87);
    }
    open(&mut publisher, &topic, 1005..1006).await;
    publisher.send_publish(&Publish::new(&topic, "x").qos(2, 1006)).await;
    publisher.is_cut_off_unanswered(&[0x93]).await;
}

async fn each_connection_counts_anew(lab: Lab) {
    let topic = lab.topic("a");
    let mut publisher = lab.connect("publisher").kept().open().await;
    open(&mut publisher, &topic, 1..6).await;
    publisher.cut().await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    open(&mut publisher, &topic, 1..6).await;
    publisher.cut().await;
    let mut publisher = lab.connect("publisher").kept().open().await;
    for id in 1..6 {
        // Those of the last connection are completed, which gives nothing that this one has not.
        publisher.send_ack(0x62, id, 0).await;
        assert_eq!(publisher.answer(Kind::PubComp, id).await, 0);
    }
    open(&mut publisher, &topic, 11..16).await;
    publisher.send_publish(&Publish::new(&topic, "x").qos(2, 16)).await;
    publisher.is_cut_off_unanswered(&[0x93]).await;
}

/// Publishes at QoS 2 and leaves the messages open.
async fn open(publisher: &mut Client, topic: &str, ids: Range<u16>) {
    for id in ids {
        publisher.send_publish(&Publish::new(topic, "x").qos(2, id)).await;
        assert!(publisher.answer(Kind::PubRec, id).await < 0x80, "PUBREC");
    }
}
