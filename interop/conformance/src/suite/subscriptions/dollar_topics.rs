//! Tests topics that begin with `$`: filters with a leading wildcard do not match them, and clients may not publish to
//! them.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{PacketType, Publish, Will};

cases! {
    a_leading_wildcard_does_not_match_dollar_topics [SEPARATE_BROKER]: "MQTT5-4.7.2-1", "MQTT3-4.7.2-1", "TRAP5-2", "TRAP3-2";
    a_shared_leading_wildcard_does_not_match_dollar_topics [SEPARATE_BROKER]: "MQTT5-4.7.2-1", "TRAP5-2";
    a_wildcard_and_a_sys_subscription_work_side_by_side [SEPARATE_BROKER]: "MQTT5-4.7.2-1", "MQTT3-4.7.2-1", "TRAP5-2", "TRAP3-2", "TRAP5-3", "TRAP3-3";
    clients_cannot_publish_to_dollar_topics [TIDEGATE_ONLY]: "TRAP5-4", "TRAP3-4";
}

/// Publishes to a topic that begins with `$`. The broker may refuse the message in its acknowledgement or close the
/// connection.
async fn try_publish(harness: &Harness, publish: Publish) {
    let mut client = harness.client("dollar").await;
    client.send(&publish.qos(1, 1).encode(harness.version)).await;
    let answer = client.try_next().await;
    let is_answer = |packet_type| matches!(packet_type, PacketType::PubAck | PacketType::Disconnect);
    assert!(answer.as_ref().is_none_or(|answer| is_answer(answer.packet_type)), "{answer:?}");
}

/// Returns two topics of this test that begin with `$`, and one topic that does not.
fn topics(harness: &Harness) -> ([String; 2], String) {
    let prefix = harness.client_id("");
    ([format!("${prefix}/{prefix}"), format!("$SYS/{prefix}")], format!("plain/{prefix}"))
}

/// Returns filters that begin with a wildcard. Some of the filters also match the topics of other tests.
fn leading_wildcards(harness: &Harness) -> Vec<String> {
    let prefix = harness.client_id("");
    vec![format!("+/{prefix}"), format!("+/{prefix}/#"), "+/+".to_owned(), "+/#".to_owned(), "#".to_owned()]
}

/// Receives messages until one on the topic `plain` arrives. No received message may have a topic that begins with `$`.
async fn expect_no_dollar_topic(client: &mut Client, plain: &str) {
    loop {
        let message = client.next_message().await;
        assert!(!message.topic.starts_with('$'), "received a message on {}", message.topic);
        if message.topic == plain {
            return;
        }
    }
}

async fn a_leading_wildcard_does_not_match_dollar_topics(harness: Harness) {
    let (dollars, plain) = topics(&harness);
    for filter in leading_wildcards(&harness) {
        let mut client = harness.subscriber("one", &filter, 0).await;
        for dollar in &dollars {
            try_publish(&harness, Publish::new(dollar, "x")).await;
        }
        harness.client("other").await.publish(&plain, "x", 1).await;
        expect_no_dollar_topic(&mut client, &plain).await;
        client.unsubscribe(&filter).await;
        client.disconnect().await;
    }
    // A leading wildcard does not match the topics of retained messages that begin with `$` either.
    for dollar in &dollars {
        try_publish(&harness, Publish::new(dollar, "x").retain()).await;
    }
    harness.client("other").await.publish_retained(&plain, "x", 1).await;
    let prefix = harness.client_id("");
    let mut client = harness.subscriber("one", format!("+/{prefix}"), 0).await;
    expect_no_dollar_topic(&mut client, &plain).await;
    client.expect_no_message().await;
    for dollar in &dollars {
        try_publish(&harness, Publish::new(dollar, "").retain()).await;
    }
}

async fn a_shared_leading_wildcard_does_not_match_dollar_topics(harness: Harness) {
    let (dollars, plain) = topics(&harness);
    for filter in leading_wildcards(&harness) {
        let filter = format!("$share/{}/{filter}", harness.client_id(""));
        let mut client = harness.subscriber("one", &filter, 0).await;
        for dollar in &dollars {
            try_publish(&harness, Publish::new(dollar, "x")).await;
        }
        harness.client("other").await.publish(&plain, "x", 1).await;
        expect_no_dollar_topic(&mut client, &plain).await;
        client.unsubscribe(&filter).await;
        client.disconnect().await;
    }
}

/// If the broker publishes below `$SYS`, the client gets those messages only through its second subscription.
async fn a_wildcard_and_a_sys_subscription_work_side_by_side(harness: Harness) {
    let prefix = harness.client_id("");
    let plain = format!("plain/{prefix}");
    let mut client = harness.subscriber("one", format!("+/{prefix}"), 0).await;
    client.subscribe("$SYS/#", 0).await;
    let mut sys_alone = harness.subscriber("two", "$SYS/#", 0).await;
    let mut other = harness.client("other").await;
    other.publish(&plain, "x", 1).await;
    let seen = client.receive_all().await;
    let plains = seen.iter().filter(|message| message.topic == plain).count();
    assert_eq!(plains, 1, "the wildcard subscription delivers its message");
    let has_sys = !sys_alone.receive_all().await.is_empty();
    if has_sys && seen.iter().all(|message| message.topic == plain) {
        while !client.next_message().await.topic.starts_with("$SYS/") {}
    }
    client.unsubscribe("$SYS/#").await;
    client.receive_all().await;
    other.publish(&plain, "y", 1).await;
    assert_eq!(
        client.receive_payloads().await,
        ["y"],
        "the wildcard subscription alone delivers nothing below $SYS"
    );
}

/// Tidegate reserves topics that begin with `$`. The broker refuses a message to such a topic with reason code 0x87 in
/// 5.0; in 3.1.1 the broker acknowledges and drops the message.
async fn clients_cannot_publish_to_dollar_topics(harness: Harness) {
    let (dollars, _) = topics(&harness);
    for topic in &dollars {
        let mut watcher = harness.subscriber("watcher", topic, 2).await;
        let mut client = harness.client("one").await;
        for qos in 0..=2 {
            let expected = if harness.is_v5() && qos > 0 { 0x87 } else { 0 };
            assert_eq!(client.publish(topic, "x", qos).await, expected);
            assert_eq!(client.publish_retained(topic, "x", qos).await, expected);
        }
        harness.connect("dying").will(Will::new(topic, "gone").retain()).open().await.drop_connection().await;
        watcher.expect_no_message().await;
        harness.subscriber("late", topic, 2).await.expect_no_message().await;
        watcher.disconnect().await;
    }
}
