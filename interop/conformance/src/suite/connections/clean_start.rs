//! Tests Clean Start, Clean Session and Session Present: whether a connection gets a new session or the existing one.

use crate::case::cases;
use crate::harness::Harness;

cases! {
    clean_start_discards_the_session: "MQTT5-3.1.2-4", "MQTT5-3.2.2-2", "MQTT5-3.1.4-4", "MQTT3-3.1.2-6", "MQTT3-3.2.2-1", "MQTT3-3.1.4-3";
    connecting_without_clean_start_resumes_the_session: "MQTT5-3.1.2-5", "MQTT5-3.2.2-3", "MQTT5-3.1.2-23", "MQTT3-3.1.2-4", "MQTT3-3.1.2-5", "MQTT3-3.2.2-2";
    connecting_without_clean_start_creates_a_session: "MQTT5-3.1.2-6", "MQTT3-3.2.2-3";
}

async fn clean_start_discards_the_session(harness: Harness) {
    let topic = harness.topic("a");
    let mut first = harness.connect("one").persistent().open().await;
    first.subscribe(&topic, 1).await;
    first.disconnect().await;
    let mut other = harness.client("other").await;
    other.publish(&topic, "queued", 1).await;
    let (mut second, connack) = harness.connect("one").open_with_connack().await;
    assert!(!connack.session_present, "the earlier session is discarded");
    other.publish(&topic, "live", 1).await;
    second.expect_no_message().await;
    second.disconnect().await;
    let (mut third, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(!connack.session_present, "the clean session is discarded too");
    third.expect_no_message().await;
}

async fn connecting_without_clean_start_resumes_the_session(harness: Harness) {
    let topic = harness.topic("a");
    let mut first = harness.connect("one").persistent().open().await;
    first.subscribe(&topic, 2).await;
    first.drop_connection().await;
    let mut other = harness.client("other").await;
    other.publish(&topic, "one", 1).await;
    other.publish(&topic, "two", 2).await;
    let (mut second, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(connack.session_present, "the session is resumed");
    for (payload, qos) in [("one", 1), ("two", 2)] {
        let message = second.receive().await;
        assert_eq!((message.payload.as_slice(), message.qos), (payload.as_bytes(), qos));
    }
    other.publish(&topic, "live", 1).await;
    assert_eq!(second.receive().await.payload, b"live");
}

async fn connecting_without_clean_start_creates_a_session(harness: Harness) {
    let topic = harness.topic("a");
    let (mut client, connack) = harness.connect("one").persistent().open_with_connack().await;
    assert!(!connack.session_present, "there is no earlier session");
    client.subscribe(&topic, 1).await;
    client.publish(&topic, "echo", 1).await;
    assert_eq!(client.receive().await.payload, b"echo");
}
