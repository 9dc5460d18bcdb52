//! Properties of PUBLISH that no client may send: each ends the connection, and the message reaches nobody.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::{Properties, Publish, property};

cases! {
    a_response_topic_that_is_not_utf_8: "MQTT5-3.3.2-13";
    a_response_topic_with_wildcards: "MQTT5-3.3.2-14";
    a_content_type_that_is_not_utf_8: "MQTT5-3.3.2-19";
    a_subscription_identifier: "MQTT5-3.3.4-6";
}

async fn a_response_topic_that_is_not_utf_8(lab: Lab) {
    for bytes in NOT_UTF_8 {
        reaches_nobody(&lab, &Properties::default().binary(property::RESPONSE_TOPIC, bytes), &[0x81]).await;
    }
}

async fn a_response_topic_with_wildcards(lab: Lab) {
    for topic in ["a/#", "#", "+", "a/+/b"] {
        let properties = Properties::default().text(property::RESPONSE_TOPIC, topic);
        reaches_nobody(&lab, &properties, &[0x82, 0x90]).await;
    }
}

async fn a_content_type_that_is_not_utf_8(lab: Lab) {
    for bytes in NOT_UTF_8 {
        reaches_nobody(&lab, &Properties::default().binary(property::CONTENT_TYPE, bytes), &[0x81]).await;
    }
}

async fn a_subscription_identifier(lab: Lab) {
    for identifier in [1, 268_435_455] {
        let properties = Properties::default().number(property::SUBSCRIPTION_ID, identifier);
        reaches_nobody(&lab, &properties, &[0x82, 0x81]).await;
    }
}

async fn reaches_nobody(lab: &Lab, properties: &Properties, codes: &[u8]) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 2).await;
    for qos in 0..3 {
        let mut publisher = lab.client("publisher").await;
        let publish = Publish::new(&topic, "x").qos(qos, 1).retain().properties(properties.clone());
        publisher.send_publish(&publish).await;
        publisher.is_cut_off_unanswered(codes).await;
    }
    watcher.hears_nothing().await;
    lab.subscriber("late", &topic, 2).await.hears_nothing().await;
}

const NOT_UTF_8: [&[u8]; 4] = [b"\xFF", b"a\xC0\x80", b"\xED\xA0\x80", b"a\0"];
