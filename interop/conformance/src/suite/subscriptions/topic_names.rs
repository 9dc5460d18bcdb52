//! Topic names: no wildcards, not empty, no U+0000.

use crate::case::cases;
use crate::client::{BAD_NAME, MALFORMED};
use crate::lab::Lab;
use crate::wire::{Kind, Properties, Publish, Subscribe, Unsubscribe, Will, property};

cases! {
    wildcards_in_a_topic_name_are_refused: "MQTT5-4.7.0-1", "MQTT3-4.7.1-1", "TRAP5-7", "TRAP3-7", "TRAP5-8", "TRAP3-8";
    wildcards_in_a_will_topic_are_refused: "MQTT5-4.7.0-1", "MQTT3-4.7.1-1", "TRAP5-7", "TRAP3-7";
    wildcards_in_a_response_topic_are_refused: "MQTT5-4.7.0-1", "TRAP5-7", "TRAP5-110";
    empty_names_are_refused: "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "TRAP5-6", "TRAP3-6";
    empty_filters_are_refused: "MQTT5-4.7.3-1", "MQTT3-4.7.3-1", "TRAP5-6", "TRAP3-6";
    names_and_filters_have_no_nul: "MQTT5-4.7.3-2", "MQTT3-4.7.3-2";
}

/// The reasons for a name or filter without a character.
const EMPTY: &[u8] = &[0x82, 0x8F, 0x90, 0x81];

/// The reasons for a response topic with wildcards.
const BAD_RESPONSE_TOPIC: &[u8] = &[0x82, 0x81, 0x90];

/// Publishes what must not be routed: the broker ends the connection, or (5.0) acknowledges with a refusal.
async fn refuses(lab: &Lab, publish: &Publish, codes: &[u8]) {
    let mut client = lab.client("broken").await;
    client.send(&publish.encode(lab.version)).await;
    match client.try_next().await {
        Some(answer) if matches!(answer.kind, Kind::PubAck | Kind::PubRec) => {
            assert!(answer.code >= 0x80, "accepted with {:#04x}", answer.code);
        }
        other => {
            client.put_back(other);
            client.is_cut_off_unanswered(codes).await;
        }
    }
}

/// The same, or the broker drops it without a word where QoS 0 leaves it none.
async fn refuses_or_drops(lab: &Lab, publish: &Publish) {
    if publish.qos > 0 {
        return refuses(lab, publish, BAD_RESPONSE_TOPIC).await;
    }
    let mut client = lab.client("broken").await;
    client.send(&publish.encode(lab.version)).await;
    client.is_served_or_cut_off(BAD_RESPONSE_TOPIC).await;
}

async fn wildcards_in_a_topic_name_are_refused(lab: Lab) {
    let mut watcher = lab.subscriber("watcher", lab.topic("#"), 2).await;
    let mut literal = lab.subscriber("literal", lab.topic("a/+"), 2).await;
    for bad in ["+", "#", "a/+", "a/#", "a/+/b", "a#", "a+b", "x/#/y"] {
        for qos in 0..=2 {
            refuses(&lab, &Publish::new(lab.topic(bad), bad).qos(qos, 1), BAD_NAME).await;
            refuses(&lab, &Publish::new(lab.topic(bad), bad).qos(qos, 1).retain(), BAD_NAME).await;
        }
    }
    watcher.hears_nothing().await;
    literal.hears_nothing().await;
    lab.subscriber("late", lab.topic("#"), 2).await.hears_nothing().await;
}

async fn wildcards_in_a_will_topic_are_refused(lab: Lab) {
    let mut watcher = lab.subscriber("watcher", lab.topic("#"), 0).await;
    for bad in ["+", "#", "a/+", "a/#", "a#"] {
        let will = Will::new(lab.topic(bad), "gone");
        lab.connect("one").will(will).refused(BAD_NAME).await;
    }
    watcher.hears_nothing().await;
}

async fn wildcards_in_a_response_topic_are_refused(lab: Lab) {
    let topic = lab.topic("a");
    let mut watcher = lab.subscriber("watcher", &topic, 2).await;
    for bad in ["+", "#", "a/+", "a/#", "a#"] {
        let answer_to = Properties::default().text(property::RESPONSE_TOPIC, &lab.topic(bad));
        for qos in 0..=2 {
            let publish = Publish::new(&topic, "x").qos(qos, 1).properties(answer_to.clone());
            refuses_or_drops(&lab, &publish).await;
        }
        let will = Will::new(&topic, "gone").properties(answer_to);
        lab.connect("one").will(will).refused(BAD_RESPONSE_TOPIC).await;
    }
    watcher.hears_nothing().await;
}

async fn empty_names_are_refused(lab: Lab) {
    for qos in 0..=2 {
        refuses(&lab, &Publish::new("", "x").qos(qos, 1), EMPTY).await;
    }
    lab.connect("one").will(Will::new("", "gone")).refused(BAD_NAME).await;
}

async fn empty_filters_are_refused(lab: Lab) {
    // Alone, and behind a good one.
    let topic = lab.topic("a");
    let requests = [
        Subscribe::new(1).filter("", 0).encode(lab.version),
        Unsubscribe::new(1).filter("").encode(lab.version),
        Subscribe::new(1).filter(&topic, 0).filter("", 0).encode(lab.version),
        Unsubscribe::new(1).filter(&topic).filter("").encode(lab.version),
    ];
    for request in requests {
        lab.refuses_last_filter(&request, EMPTY).await;
    }
}

async fn names_and_filters_have_no_nul(lab: Lab) {
    let mut watcher = lab.subscriber("watcher", lab.topic("#"), 0).await;
    for bad in ["a\0", "\0", "a/\0/b", "\0a"].map(|name| lab.topic(name)) {
        for qos in 0..=2 {
            lab.ends_connection(&Publish::new(&bad, "x").qos(qos, 1).encode(lab.version), MALFORMED).await;
        }
        lab.ends_connection(&Subscribe::new(1).filter(&bad, 0).encode(lab.version), MALFORMED).await;
        lab.ends_connection(&Unsubscribe::new(1).filter(&bad).encode(lab.version), MALFORMED).await;
        lab.connect("one").will(Will::new(&bad, "gone")).refused(MALFORMED).await;
    }
    watcher.hears_nothing().await;
}
