//! Tests that topic names have no wildcards, and that topic names and filters are not empty and do not contain U+0000.

use crate::case::cases;
use crate::client::{BAD_NAME, MALFORMED};
use crate::harness::Harness;
use crate::wire::{PacketType, Properties, Publish, Subscribe, Unsubscribe, Will, property};

cases! {
    wildcards_in_a_topic_name_are_refused: "MQTT5-4.7.0-1", "MQTT3-4.7.1-1", "TRAP5-7", "TRAP3-7", "TRAP5-8", "TRAP3-8";
    wildcards_in_a_will_topic_are_refused: "MQTT5-4.7.0-1", "MQTT3-4.7.1-1", "TRAP5-7", "TRAP3-7";
    wildcards_in_a_response_topic_are_refused: "MQTT5-4.7.0-1", "TRAP5-7", "TRAP5-110";
    empty_names_are_refused: "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "TRAP5-6", "TRAP3-6";
    empty_filters_are_refused: "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "TRAP5-6", "TRAP3-6";
    nul_in_names_and_filters_ends_the_connection: "MQTT5-4.7.3-2", "MQTT3-4.7.3-2";
}

/// The reason codes for an empty topic name or filter.
const EMPTY_NAME_CODES: &[u8] = &[0x82, 0x8F, 0x90, 0x81];

/// The reason codes for a response topic with wildcards.
const RESPONSE_TOPIC_CODES: &[u8] = &[0x82, 0x81, 0x90];

/// Connects a new client that publishes a message that must not be delivered. The broker has to close the connection
/// or, in 5.0, refuse the message in its acknowledgement.
async fn assert_refused(harness: &Harness, publish: &Publish, codes: &[u8]) {
    let mut client = harness.client("broken").await;
    client.send(&publish.encode(harness.version)).await;
    match client.try_next().await {
        Some(answer) if matches!(answer.packet_type, PacketType::PubAck | PacketType::PubRec) => {
            assert!(answer.code >= 0x80, "accepted with {:#04x}", answer.code);
        }
        other => {
            client.push_back_unread(other);
            client.expect_close_without_answer(codes).await;
        }
    }
}

/// Like [`assert_refused`], but at QoS 0 the broker may also drop the message and keep the connection open.
async fn assert_refused_or_dropped(harness: &Harness, publish: &Publish) {
    if publish.qos > 0 {
        return assert_refused(harness, publish, RESPONSE_TOPIC_CODES).await;
    }
    let mut client = harness.client("broken").await;
    client.send(&publish.encode(harness.version)).await;
    client.stays_open_or_closes(RESPONSE_TOPIC_CODES).await;
}

async fn wildcards_in_a_topic_name_are_refused(harness: Harness) {
    let mut watcher = harness.subscriber("watcher", harness.topic("#"), 2).await;
    let mut literal = harness.subscriber("literal", harness.topic("a/+"), 2).await;
    for bad in ["+", "#", "a/+", "a/#", "a/+/b", "a#", "a+b", "x/#/y"] {
        for qos in 0..=2 {
            assert_refused(&harness, &Publish::new(harness.topic(bad), bad).qos(qos, 1), BAD_NAME).await;
            assert_refused(&harness, &Publish::new(harness.topic(bad), bad).qos(qos, 1).retain(), BAD_NAME)
                .await;
        }
    }
    watcher.expect_no_message().await;
    literal.expect_no_message().await;
    harness.subscriber("late", harness.topic("#"), 2).await.expect_no_message().await;
}

async fn wildcards_in_a_will_topic_are_refused(harness: Harness) {
    let mut watcher = harness.subscriber("watcher", harness.topic("#"), 0).await;
    for bad in ["+", "#", "a/+", "a/#", "a#"] {
        let will = Will::new(harness.topic(bad), "gone");
        harness.connect("one").will(will).expect_refused(BAD_NAME).await;
    }
    watcher.expect_no_message().await;
}

async fn wildcards_in_a_response_topic_are_refused(harness: Harness) {
    let topic = harness.topic("a");
    let mut watcher = harness.subscriber("watcher", &topic, 2).await;
    for bad in ["+", "#", "a/+", "a/#", "a#"] {
        let answer_to = Properties::default().text(property::RESPONSE_TOPIC, &harness.topic(bad));
        for qos in 0..=2 {
            let publish = Publish::new(&topic, "x").qos(qos, 1).properties(answer_to.clone());
            assert_refused_or_dropped(&harness, &publish).await;
        }
        let will = Will::new(&topic, "gone").properties(answer_to);
        harness.connect("one").will(will).expect_refused(RESPONSE_TOPIC_CODES).await;
    }
    watcher.expect_no_message().await;
}

async fn empty_names_are_refused(harness: Harness) {
    for qos in 0..=2 {
        assert_refused(&harness, &Publish::new("", "x").qos(qos, 1), EMPTY_NAME_CODES).await;
    }
    harness.connect("one").will(Will::new("", "gone")).expect_refused(BAD_NAME).await;
}

async fn empty_filters_are_refused(harness: Harness) {
    // The client sends the empty filter alone, and after a valid filter.
    let topic = harness.topic("a");
    let requests = [
        Subscribe::new(1).filter("", 0).encode(harness.version),
        Unsubscribe::new(1).filter("").encode(harness.version),
        Subscribe::new(1).filter(&topic, 0).filter("", 0).encode(harness.version),
        Unsubscribe::new(1).filter(&topic).filter("").encode(harness.version),
    ];
    for request in requests {
        harness.expect_last_filter_refused(&request, EMPTY_NAME_CODES).await;
    }
}

async fn nul_in_names_and_filters_ends_the_connection(harness: Harness) {
    let mut watcher = harness.subscriber("watcher", harness.topic("#"), 0).await;
    for bad in ["a\0", "\0", "a/\0/b", "\0a"].map(|name| harness.topic(name)) {
        for qos in 0..=2 {
            harness
                .expect_close_after(&Publish::new(&bad, "x").qos(qos, 1).encode(harness.version), MALFORMED)
                .await;
        }
        harness
            .expect_close_after(&Subscribe::new(1).filter(&bad, 0).encode(harness.version), MALFORMED)
            .await;
        harness
            .expect_close_after(&Unsubscribe::new(1).filter(&bad).encode(harness.version), MALFORMED)
            .await;
        harness.connect("one").will(Will::new(&bad, "gone")).expect_refused(MALFORMED).await;
    }
    watcher.expect_no_message().await;
}
