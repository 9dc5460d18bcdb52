//! Clean Start, Clean Session and Session Present: which session a CONNECT gets.

use crate::case::cases;
use crate::lab::Lab;

cases! {
    clean_start_discards_the_session: "MQTT5-3.1.2-4", "MQTT5-3.2.2-2", "MQTT5-3.1.4-4", "MQTT3-3.1.2-6", "MQTT3-3.2.2-1", "MQTT3-3.1.4-3";
    an_unclean_start_resumes_the_session: "MQTT5-3.1.2-5", "MQTT5-3.2.2-3", "MQTT5-3.1.2-23", "MQTT3-3.1.2-4", "MQTT3-3.1.2-5", "MQTT3-3.2.2-2";
    an_unclean_start_creates_a_session: "MQTT5-3.1.2-6", "MQTT3-3.2.2-3";
}

async fn clean_start_discards_the_session(lab: Lab) {
    let topic = lab.topic("a");
    let mut first = lab.connect("one").kept().open().await;
    first.subscribe(&topic, 1).await;
    first.leave().await;
    let mut other = lab.client("other").await;
    other.publish(&topic, "queued", 1).await;
    let (mut second, connack) = lab.connect("one").accepted().await;
    assert!(!connack.session_present, "nothing is left");
    other.publish(&topic, "live", 1).await;
    second.hears_nothing().await;
    second.leave().await;
    let (mut third, connack) = lab.connect("one").kept().accepted().await;
    assert!(!connack.session_present, "the clean session left nothing either");
    third.hears_nothing().await;
}

async fn an_unclean_start_resumes_the_session(lab: Lab) {
    let topic = lab.topic("a");
    let mut first = lab.connect("one").kept().open().await;
    first.subscribe(&topic, 2).await;
    first.cut().await;
    let mut other = lab.client("other").await;
    other.publish(&topic, "one", 1).await;
    other.publish(&topic, "two", 2).await;
    let (mut second, connack) = lab.connect("one").kept().accepted().await;
    assert!(connack.session_present, "the session is there");
    for (payload, qos) in [("one", 1), ("two", 2)] {
        let message = second.receive().await;
        assert_eq!((message.payload.as_slice(), message.qos), (payload.as_bytes(), qos));
    }
    other.publish(&topic, "live", 1).await;
    assert_eq!(second.receive().await.payload, b"live");
}

async fn an_unclean_start_creates_a_session(lab: Lab) {
    let topic = lab.topic("a");
    let (mut client, connack) = lab.connect("one").kept().accepted().await;
    assert!(!connack.session_present, "there was none");
    client.subscribe(&topic, 1).await;
    client.publish(&topic, "echo", 1).await;
    assert_eq!(client.receive().await.payload, b"echo");
}
