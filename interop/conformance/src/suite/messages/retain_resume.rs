//! Tests retained messages and sessions: a resumed session gets the retained messages that were not sent yet, and No
//! Local compares client identifiers.

use crate::case::cases;
use crate::harness::Harness;
use crate::wire::property;

cases! {
    unsent_retained_messages_are_sent_to_the_resumed_session: "MQTT5-3.3.1-9", "MQTT3-3.3.1-6";
    no_local_applies_to_messages_retained_in_an_earlier_session: "MQTT5-3.8.3-3", "TRAP5-26";
}

async fn unsent_retained_messages_are_sent_to_the_resumed_session(harness: Harness) {
    let mut publisher = harness.client("publisher").await;
    for n in 0..8 {
        publisher.publish_retained(harness.topic(&format!("kept/{n}")), "kept", 1).await;
    }
    let builder = || harness.connect("one").persistent().number(property::RECEIVE_MAXIMUM, 2);
    let mut first = builder().open().await;
    first.subscribe(harness.topic("kept/+"), 1).await;
    let mut seen = vec![first.receive().await.topic];
    first.drop_connection().await;
    let mut second = builder().open().await;
    while seen.len() < 8 {
        let message = second.receive().await;
        assert!(message.retain, "{}: sent because of a subscription", message.topic);
        if !seen.contains(&message.topic) {
            seen.push(message.topic);
        }
    }
    second.expect_no_message().await;
}

async fn no_local_applies_to_messages_retained_in_an_earlier_session(harness: Harness) {
    const NO_LOCAL: u8 = 4;
    let topic = harness.topic("a");
    let mut first = harness.client("one").await;
    first.publish_retained(&topic, "own", 1).await;
    first.disconnect().await;
    let mut second = harness.client("one").await;
    second.try_subscribe(&topic, 1 | NO_LOCAL).await;
    second.expect_no_message().await;
    let mut other = harness.client("other").await;
    other.publish_retained(&topic, "another's", 1).await;
    assert_eq!(second.receive().await.payload, b"another's");
    second.try_subscribe(&topic, 1 | NO_LOCAL).await;
    assert_eq!(second.receive().await.payload, b"another's");
}
