//! Tests that the broker delivers an accepted message to the session of every matching subscriber, connected or not.

use crate::case::cases;
use crate::harness::Harness;

cases! {
    every_matching_session_gets_the_message: "MQTT5-4.5.0-1", "MQTT3-4.5.0-1";
}

async fn every_matching_session_gets_the_message(harness: Harness) {
    let filters = ["a/b", "a/+", "a/#", "+/b", "#"];
    let mut online = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        let mut away = harness.connect(&format!("away{number}")).persistent().open().await;
        away.subscribe(harness.topic(filter), 2).await;
        away.drop_connection().await;
        online.push(harness.subscriber(&format!("online{number}"), harness.topic(filter), 1).await);
    }
    let mut unrelated = harness.subscriber("unrelated", harness.topic("a/c"), 1).await;
    let mut publisher = harness.client("publisher").await;
    for (payload, qos) in [("one", 1), ("two", 2), ("three", 1)] {
        assert_eq!(publisher.publish(harness.topic("a/b"), payload, qos).await, 0);
    }
    publisher.drop_connection().await;
    for (number, mut client) in online.into_iter().enumerate() {
        let mut back = harness.connect(&format!("away{number}")).persistent().open().await;
        for (payload, qos) in [("one", 1), ("two", 2), ("three", 1)] {
            assert_eq!(client.expect_message(payload).await.qos, 1);
            assert_eq!(back.expect_message(payload).await.qos, qos);
        }
        client.expect_no_message().await;
        back.expect_no_message().await;
    }
    unrelated.expect_no_message().await;
}
