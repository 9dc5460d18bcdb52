//! What a PUBLISH with RETAIN stores, replaces and clears.

use crate::case::cases;
use crate::client::{Client, text};
use crate::lab::Lab;
use crate::wire::{Kind, Packet, Properties, Publish, Will, property};

cases! {
    the_last_retained_message_of_each_topic_is_kept: "MQTT5-3.3.1-5", "MQTT3-3.3.1-5", "MQTT3-3.3.1-6";
    qos_0_replaces_what_was_retained: "MQTT5-3.3.1-5", "MQTT3-3.3.1-7";
    an_empty_one_is_routed_and_clears_the_topic: "MQTT5-3.3.1-6", "MQTT3-3.3.1-10", "TRAP5-20", "TRAP3-20";
    an_empty_one_is_never_stored: "MQTT5-3.3.1-7", "MQTT3-3.3.1-11";
    without_retain_the_store_stays_as_it_is: "MQTT5-3.3.1-8", "MQTT3-3.3.1-12";
    an_empty_retained_will_clears_the_topic: "TRAP5-21", "TRAP3-21";
    it_is_delivered_at_the_lower_qos: "TRAP5-22", "TRAP3-22";
    a_release_on_a_later_connection_keeps_retain: "TRAP5-24", "TRAP3-24";
}

async fn the_last_retained_message_of_each_topic_is_kept(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    for (name, qos) in [("b/1", 1), ("b/2", 2)] {
        for payload in ["old", "new"] {
            let mut publish = Publish::new(lab.topic(name), payload).qos(qos, 0).retain();
            if lab.is_v5() {
                publish.properties = Properties::default().text(property::CONTENT_TYPE, payload);
            }
            publisher.exchange_publish(publish).await;
        }
    }
    publisher.publish_retained(lab.topic("other"), "other", 1).await;
    let messages = stored(&lab, "late", "b/+").await;
    let seen: Vec<_> = messages.iter().map(|message| (message.topic.clone(), message.qos)).collect();
    assert_eq!(seen, [(lab.topic("b/1"), 1), (lab.topic("b/2"), 2)], "topics, each at its QoS");
    for message in &messages {
        assert_eq!(text(&message.payload), "new");
        let content = message.properties.get_text(property::CONTENT_TYPE);
        assert_eq!(content, lab.is_v5().then_some("new"), "the properties go with the payload");
    }
}

async fn qos_0_replaces_what_was_retained(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    for qos in [1, 2] {
        publisher.publish_retained(lab.topic("b/a"), "old", qos).await;
        publisher.publish_retained(lab.topic("b/a"), "new", 0).await;
        for message in stored(&lab, "late", "b/#").await {
            assert_eq!((text(&message.payload).as_str(), message.qos), ("new", 0), "the new one or nothing");
        }
    }
}

async fn an_empty_one_is_routed_and_clears_the_topic(lab: Lab) {
    let topic = lab.topic("b/a");
    let mut online = lab.subscriber("online", &topic, 2).await;
    let mut publisher = marked(&lab).await;
    for qos in 0..3 {
        publisher.publish_retained(&topic, "full", 1).await;
        assert!(!online.hears("full").await.retain);
        assert_eq!(stored(&lab, "before", "b/+").await.len(), 2, "the message and the marker");
        publisher.publish_retained(&topic, "", qos).await;
        let message = online.hears("").await;
        assert_eq!((message.qos, message.retain), (qos, false), "routed as usual");
        assert_eq!(payloads(&stored(&lab, "late", "b/+").await), ["marker"], "cleared");
    }
}

async fn an_empty_one_is_never_stored(lab: Lab) {
    let mut publisher = marked(&lab).await;
    for qos in 0..3 {
        publisher.publish_retained(lab.topic("b/fresh"), "", qos).await;
    }
    assert_eq!(payloads(&stored(&lab, "late", "b/+").await), ["marker"]);
}

async fn without_retain_the_store_stays_as_it_is(lab: Lab) {
    let mut publisher = marked(&lab).await;
    publisher.publish_retained(lab.topic("b/a"), "kept", 1).await;
    for qos in 0..3 {
        publisher.publish(lab.topic("b/a"), "passing", qos).await;
        publisher.publish(lab.topic("b/a"), "", qos).await;
        publisher.publish(lab.topic("b/fresh"), "passing", qos).await;
    }
    assert_eq!(payloads(&stored(&lab, "late", "b/+").await), ["kept", "marker"]);
}

async fn an_empty_retained_will_clears_the_topic(lab: Lab) {
    let topic = lab.topic("b/a");
    let mut publisher = marked(&lab).await;
    publisher.publish_retained(&topic, "full", 1).await;
    let mut online = lab.client("online").await;
    assert_eq!(payloads(&online.subscribe_for(&topic, 0).await), ["full"]);
    lab.connect("dying").will(Will::new(&topic, "").retain()).open().await.cut().await;
    assert!(!online.hears("").await.retain, "the will came as a live message");
    assert_eq!(payloads(&stored(&lab, "late", "b/+").await), ["marker"]);
}

async fn it_is_delivered_at_the_lower_qos(lab: Lab) {
    let mut publisher = lab.client("publisher").await;
    for published in 0..3 {
        publisher.publish_retained(lab.topic(&published.to_string()), "x", published).await;
    }
    for granted in 0..3 {
        let mut late = lab.client("late").await;
        let messages = late.subscribe_for(lab.topic("+"), granted).await;
        let seen: Vec<_> = messages.iter().map(|message| message.qos).collect();
        assert_eq!(seen, [0, 1.min(granted), granted], "granted QoS {granted}");
    }
    assert_eq!(stored(&lab, "again", "2").await[0].qos, 2, "the store kept its own");
}

async fn a_release_on_a_later_connection_keeps_retain(lab: Lab) {
    let topic = lab.topic("a");
    let mut first = lab.connect("publisher").kept().open().await;
    first.send_publish(&Publish::new(&topic, "x").qos(2, 5).retain()).await;
    first.answer(Kind::PubRec, 5).await;
    first.cut().await;
    let mut second = lab.connect("publisher").kept().open().await;
    second.send_ack(0x62, 5, 0).await;
    assert_eq!(second.answer(Kind::PubComp, 5).await, 0);
    let messages = stored(&lab, "late", "a").await;
    let seen: Vec<_> = messages.iter().map(|message| (message.qos, message.retain)).collect();
    assert_eq!(seen, [(2, true)], "QoS and RETAIN");
}

/// A publisher, and something retained beside the test's topic: who finds it has been given all there is.
async fn marked(lab: &Lab) -> Client {
    let mut publisher = lab.client("publisher").await;
    publisher.publish_retained(lab.topic("b/marker"), "marker", 1).await;
    publisher
}

/// What a new subscriber gets, by topic.
async fn stored(lab: &Lab, name: &str, filter: &str) -> Vec<Packet> {
    let mut late = lab.client(name).await;
    let messages = late.subscribe_for(lab.topic(filter), 2).await;
    late.leave().await;
    messages
}

fn payloads(messages: &[Packet]) -> Vec<String> {
    messages.iter().map(|message| text(&message.payload)).collect()
}
