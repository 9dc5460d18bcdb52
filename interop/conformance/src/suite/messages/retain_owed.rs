//! Retained messages that a subscription is owed: they outlive the connection, and No Local goes by the client.

use crate::case::cases;
use crate::lab::Lab;
use crate::wire::property;

cases! {
    retained_messages_still_owed_come_to_the_resumed_session: "MQTT5-3.3.1-9", "MQTT3-3.3.1-6";
    no_local_holds_for_what_an_earlier_session_of_the_client_retained: "MQTT5-3.8.3-3", "TRAP5-26";
}

async fn retained_messages_still_owed_come_to_the_resumed_session(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    for n in 0..8 {
        publisher.publish_retained(lab.topic(&format!("kept/{n}")), "kept", 1).await;
    }
    let opening = || lab.connect("one").kept().number(property::RECEIVE_MAXIMUM, 2);
    let mut first = opening().open().await;
    first.subscribe(lab.topic("kept/+"), 1).await;
    let mut seen = vec![first.receive().await.topic];
    first.cut().await;
    let mut second = opening().open().await;
    while seen.len() < 8 {
        let message = second.receive().await;
        assert!(message.retain, "{}: because of a subscription", message.topic);
        if !seen.contains(&message.topic) {
            seen.push(message.topic);
        }
    }
    second.hears_nothing().await;
}

async fn no_local_holds_for_what_an_earlier_session_of_the_client_retained(lab: Lab) {
    const NO_LOCAL: u8 = 4;
    let topic = lab.topic("a");
    let mut first = lab.client("one").await;
    first.publish_retained(&topic, "own", 1).await;
    first.leave().await;
    let mut second = lab.client("one").await;
    second.try_subscribe(&topic, 1 | NO_LOCAL).await;
    second.hears_nothing().await;
    let mut other = lab.client("other").await;
    other.publish_retained(&topic, "another's", 1).await;
    assert_eq!(second.receive().await.payload, b"another's");
    second.try_subscribe(&topic, 1 | NO_LOCAL).await;
    assert_eq!(second.receive().await.payload, b"another's");
}
