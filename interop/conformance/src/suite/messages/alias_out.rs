//! Topic aliases that the broker sets: none beyond what the client allows, and none that the client cannot know.

use std::collections::HashMap;

use crate::case::cases;
use crate::client::{Client, text};
use crate::lab::Lab;
use crate::wire::{Packet, Properties, Publish, property};

cases! {
    no_alias_is_above_the_clients_maximum: "MQTT5-3.3.2-11", "MQTT5-3.3.2-8";
    a_client_that_allows_none_gets_none: "MQTT5-3.3.2-11", "TRAP5-91";
    each_connection_begins_without_aliases: "MQTT5-3.3.2-7", "TRAP5-92";
    a_message_too_large_sets_no_alias: "TRAP5-94";
    a_message_that_expired_sets_no_alias: "TRAP5-94";
}

/// The topics that aliases stand for on one connection.
struct Aliases {
    maximum: u32,
    topics: HashMap<u32, String>,
}

impl Aliases {
    fn new(maximum: u32) -> Self {
        Self { maximum, topics: HashMap::new() }
    }

    /// The topic of a message.
    fn resolve(&mut self, message: &Packet) -> String {
        let topic = message.topic.clone();
        let Some(alias) = message.properties.get_number(property::TOPIC_ALIAS) else {
            assert!(!topic.is_empty(), "neither topic nor alias");
            return topic;
        };
        assert!((1..=self.maximum).contains(&alias), "alias {alias} of {}", self.maximum);
        if topic.is_empty() {
            return self.topics.get(&alias).expect("an alias that was set on this connection").clone();
        }
        self.topics.insert(alias, topic.clone());
        topic
    }
}

/// Topics long enough that an alias is worth while.
fn topic(lab: &Lab, number: u32) -> String {
    lab.topic(&format!("of some length, so that an alias is worth while/{number}"))
}

async fn no_alias_is_above_the_clients_maximum(lab: Lab) {
    for maximum in [1, 3, 65_535] {
        let mut subscriber = subscriber(&lab, "subscriber", maximum).await;
        let mut publisher = lab.client("publisher").await;
        let mut aliases = Aliases::new(maximum);
        for number in 0..60 {
            for qos in 0..3 {
                let topic = topic(&lab, number % 20);
                publisher.publish(&topic, &topic, qos).await;
                let message = subscriber.receive().await;
                assert_eq!(aliases.resolve(&message), text(&message.payload), "the topic");
            }
        }
    }
}

async fn a_client_that_allows_none_gets_none(lab: Lab) {
    let mut absent = lab.subscriber("absent", lab.topic("#"), 2).await;
    let mut zero = subscriber(&lab, "zero", 0).await;
    let mut publisher = lab.client("publisher").await;
    for number in 0..20 {
        for qos in 0..3 {
            let topic = topic(&lab, number % 3);
            publisher.publish(&topic, "x", qos).await;
            for client in [&mut absent, &mut zero] {
                let message = client.hears("x").await;
                assert!(!message.properties.has(property::TOPIC_ALIAS), "{message:?}");
                assert_eq!(message.topic, topic);
            }
        }
    }
}

async fn each_connection_begins_without_aliases(lab: Lab) {
    let connect = || lab.connect("subscriber").kept().number(property::TOPIC_ALIAS_MAXIMUM, 10);
    let mut subscriber = connect().open().await;
    subscriber.subscribe(lab.topic("#"), 2).await;
    let mut publisher = lab.client("publisher").await;
    let topics: Vec<_> = (0..6).map(|number| topic(&lab, number % 2)).collect();
    for topic in &topics {
        publisher.publish(topic, topic, 1).await;
    }
    subscriber.take_messages(topics.len()).await;
    subscriber.cut().await;
    for topic in &topics {
        publisher.publish(topic, topic, 2).await;
    }
    let mut subscriber = connect().open().await;
    let mut aliases = Aliases::new(10);
    for message in subscriber.take_messages(2 * topics.len()).await {
        assert_eq!(aliases.resolve(&message), text(&message.payload), "resent and queued ones");
    }
    subscriber.cut().await;
    let mut subscriber = lab.connect("subscriber").kept().open().await;
    for message in subscriber.take_messages(2 * topics.len()).await {
        assert_eq!(message.topic, text(&message.payload), "this connection allows none");
        assert!(!message.properties.has(property::TOPIC_ALIAS));
    }
}

async fn a_message_too_large_sets_no_alias(lab: Lab) {
    for qos in 0..3 {
        let connect = lab.connect("subscriber").number(property::TOPIC_ALIAS_MAXIMUM, 10);
        let mut subscriber = connect.number(property::MAXIMUM_PACKET_SIZE, 500).open().await;
        subscriber.subscribe(lab.topic("#"), 2).await;
        let mut publisher = lab.client("publisher").await;
        let mut aliases = Aliases::new(10);
        let topic = topic(&lab, qos.into());
        for _ in 0..3 {
            publisher.publish(&topic, vec![b'x'; 500], qos).await;
            publisher.publish(&topic, "small", qos).await;
            assert_eq!(aliases.resolve(&subscriber.hears("small").await), topic);
        }
    }
}

async fn a_message_that_expired_sets_no_alias(lab: Lab) {
    let connect = lab.connect("subscriber").number(property::TOPIC_ALIAS_MAXIMUM, 10);
    let mut subscriber = connect.number(property::RECEIVE_MAXIMUM, 1).open().await;
    subscriber.subscribe(lab.topic("+/1"), 2).await;
    subscriber.subscribe(lab.topic("first"), 2).await;
    let mut publisher = lab.client("publisher").await;
    let mut aliases = Aliases::new(10);
    publisher.publish(lab.topic("first"), "first", 1).await;
    let topic = topic(&lab, 1);
    let short = Properties::default().number(property::MESSAGE_EXPIRY, 1);
    publisher.exchange_publish(Publish::new(&topic, "short").qos(1, 0).properties(short)).await;
    publisher.publish(&topic, "lasting", 1).await;
    publisher.publish(&topic, "again", 1).await;
    lab.pass(3).await;
    for (topic, payload) in [(&lab.topic("first"), "first"), (&topic, "lasting"), (&topic, "again")] {
        assert_eq!(aliases.resolve(&subscriber.hears(payload).await), *topic);
    }
}

/// A subscriber to all of the test, which allows so many aliases.
async fn subscriber(lab: &Lab, name: &str, maximum: u32) -> Client {
    let mut client = lab.connect(name).number(property::TOPIC_ALIAS_MAXIMUM, maximum).open().await;
    client.subscribe(lab.topic("#"), 2).await;
    client
}
