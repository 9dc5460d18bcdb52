//! Tests properties that a client must not send in PUBLISH: the broker closes the connection and does not deliver the
//! message.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::{Properties, Publish, property};

cases! {
    a_response_topic_that_is_not_utf_8_ends_the_connection: "MQTT5-3.3.2-13";
    a_response_topic_with_wildcards_ends_the_connection: "MQTT5-3.3.2-14";
    a_content_type_that_is_not_utf_8_ends_the_connection: "MQTT5-3.3.2-19";
    a_subscription_identifier_from_a_client_ends_the_connection: "MQTT5-3.3.4-6";
}

async fn a_response_topic_that_is_not_utf_8_ends_the_connection(harness: Harness) {
    for bytes in INVALID_STRINGS {
        assert_not_delivered(
            &harness,
            &Properties::default().binary(property::RESPONSE_TOPIC, bytes),
            &[0x81],
        )
        .await;
    }
}

async fn a_response_topic_with_wildcards_ends_the_connection(harness: Harness) {
    for topic in ["a/#", "#", "+", "a/+/b"] {
        let properties = Properties::default().text(property::RESPONSE_TOPIC, topic);
        assert_not_delivered(&harness, &properties, &[0x82, 0x90]).await;
    }
}

async fn a_content_type_that_is_not_utf_8_ends_the_connection(harness: Harness) {
    for bytes in INVALID_STRINGS {
        assert_not_delivered(&harness, &Properties::default().binary(property::CONTENT_TYPE, bytes), &[0x81])
            .await;
    }
}

async fn a_subscription_identifier_from_a_client_ends_the_connection(harness: Harness) {
    for identifier in [1, 268_435_455] {
        let properties = Properties::default().number(property::SUBSCRIPTION_ID, identifier);
        assert_not_delivered(&harness, &properties, &[0x82, 0x81]).await;
    }
}

async fn assert_not_delivered(harness: &Harness, properties: &Properties, codes: &[u8]) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    for qos in 0..3 {
        let mut publisher = harness.client("publisher").await;
        let publish = Publish::new(&topic, "x").qos(qos, 1).retain().properties(properties.clone());
        publisher.send_publish(&publish).await;
        publisher.expect_close_without_answer(codes).await;
    }
    watcher.expect_no_message().await;
    harness.subscriber("late", &topic, 2).await.expect_no_message().await;
}

const INVALID_STRINGS: [&[u8]; 4] = [b"\xFF", b"a\xC0\x80", b"\xED\xA0\x80", b"a\0"];
