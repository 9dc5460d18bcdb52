//! An accepted message goes to the session of every matching subscriber, online or not.

use crate::case::cases;
use crate::lab::Lab;

cases! {
    every_matching_session_gets_the_message: "MQTT5-4.5.0-1", "MQTT3-4.5.0-1";
}

async fn every_matching_session_gets_the_message(lab: Lab) {
    let filters = ["a/b", "a/+", "a/#", "+/b", "#"];
    let mut online = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        let mut away = lab.connect(&format!("away{number}")).kept().open().await;
        away.subscribe(lab.topic(filter), 2).await;
        away.cut().await;
        online.push(lab.subscriber(&format!("online{number}"), lab.topic(filter), 1).await);
    }
    let mut unrelated = lab.subscriber("unrelated", lab.topic("a/c"), 1).await;
    let mut publisher = lab.client("publisher").await;
    for (payload, qos) in [("one", 1), ("two", 2), ("three", 1)] {
        assert_eq!(publisher.publish(lab.topic("a/b"), payload, qos).await, 0);
    }
    publisher.cut().await;
    for (number, mut client) in online.into_iter().enumerate() {
        let mut back = lab.connect(&format!("away{number}")).kept().open().await;
        for (payload, qos) in [("one", 1), ("two", 2), ("three", 1)] {
            assert_eq!(client.hears(payload).await.qos, 1);
            assert_eq!(back.hears(payload).await.qos, qos);
        }
        client.hears_nothing().await;
        back.hears_nothing().await;
    }
    unrelated.hears_nothing().await;
}
