//! Tests the topic aliases that the broker sets: none is above the client's Topic Alias Maximum, and the broker uses an
//! alias alone only after it has sent the topic with it.

use std::collections::HashMap;

use crate::case::cases;
use crate::client::{Client, lossy_text};
use crate::harness::Harness;
use crate::wire::{Packet, Properties, Publish, property};

cases! {
    no_alias_is_above_the_clients_maximum: "MQTT5-3.3.2-11", "MQTT5-3.3.2-8";
    a_client_that_allows_no_alias_gets_none: "MQTT5-3.3.2-11", "TRAP5-91";
    each_connection_starts_without_aliases: "MQTT5-3.3.2-7", "TRAP5-92";
    an_oversized_message_sets_no_alias: "TRAP5-94";
    an_expired_message_sets_no_alias: "TRAP5-94";
}

/// The topic aliases that the broker has set on one connection, and their topics.
struct Aliases {
    maximum: u32,
    topics: HashMap<u32, String>,
}

impl Aliases {
    fn new(maximum: u32) -> Self {
        Self { maximum, topics: HashMap::new() }
    }

    /// Returns the topic of a message. Records an alias that the message sets, and resolves an alias that stands for
    /// the topic.
    fn resolve(&mut self, message: &Packet) -> String {
        let topic = message.topic.clone();
        let Some(alias) = message.properties.get_number(property::TOPIC_ALIAS) else {
            assert!(!topic.is_empty(), "the message has neither a topic nor an alias");
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

/// Returns a topic so long that using an alias saves bytes.
fn topic(harness: &Harness, number: u32) -> String {
    harness.topic(&format!("long enough that an alias saves bytes/{number}"))
}

async fn no_alias_is_above_the_clients_maximum(harness: Harness) {
    for maximum in [1, 3, 65_535] {
        let mut subscriber = subscriber(&harness, "subscriber", maximum).await;
        let mut publisher = harness.client("publisher").await;
        let mut aliases = Aliases::new(maximum);
        for number in 0..60 {
            for qos in 0..3 {
                let topic = topic(&harness, number % 20);
                publisher.publish(&topic, &topic, qos).await;
                let message = subscriber.receive().await;
                assert_eq!(aliases.resolve(&message), lossy_text(&message.payload), "the topic");
            }
        }
    }
}

async fn a_client_that_allows_no_alias_gets_none(harness: Harness) {
    let mut absent = harness.subscriber("absent", harness.topic("#"), 2).await;
    let mut zero = subscriber(&harness, "zero", 0).await;
    let mut publisher = harness.client("publisher").await;
    for number in 0..20 {
        for qos in 0..3 {
            let topic = topic(&harness, number % 3);
            publisher.publish(&topic, "x", qos).await;
            for client in [&mut absent, &mut zero] {
                let message = client.expect_message("x").await;
                assert!(!message.properties.has(property::TOPIC_ALIAS), "{message:?}");
                assert_eq!(message.topic, topic);
            }
        }
    }
}

async fn each_connection_starts_without_aliases(harness: Harness) {
    let connect = || harness.connect("subscriber").persistent().number(property::TOPIC_ALIAS_MAXIMUM, 10);
    let mut subscriber = connect().open().await;
    subscriber.subscribe(harness.topic("#"), 2).await;
    let mut publisher = harness.client("publisher").await;
    let topics: Vec<_> = (0..6).map(|number| topic(&harness, number % 2)).collect();
    for topic in &topics {
        publisher.publish(topic, topic, 1).await;
    }
    subscriber.next_messages(topics.len()).await;
    subscriber.drop_connection().await;
    for topic in &topics {
        publisher.publish(topic, topic, 2).await;
    }
    let mut subscriber = connect().open().await;
    let mut aliases = Aliases::new(10);
    for message in subscriber.next_messages(2 * topics.len()).await {
        assert_eq!(aliases.resolve(&message), lossy_text(&message.payload), "resent and queued messages");
    }
    subscriber.drop_connection().await;
    let mut subscriber = harness.connect("subscriber").persistent().open().await;
    for message in subscriber.next_messages(2 * topics.len()).await {
        assert_eq!(message.topic, lossy_text(&message.payload), "this connection allows no aliases");
        assert!(!message.properties.has(property::TOPIC_ALIAS));
    }
}

async fn an_oversized_message_sets_no_alias(harness: Harness) {
    for qos in 0..3 {
        let connect = harness.connect("subscriber").number(property::TOPIC_ALIAS_MAXIMUM, 10);
        let mut subscriber = connect.number(property::MAXIMUM_PACKET_SIZE, 500).open().await;
        subscriber.subscribe(harness.topic("#"), 2).await;
        let mut publisher = harness.client("publisher").await;
        let mut aliases = Aliases::new(10);
        let topic = topic(&harness, qos.into());
        for _ in 0..3 {
            publisher.publish(&topic, vec![b'x'; 500], qos).await;
            publisher.publish(&topic, "small", qos).await;
            assert_eq!(aliases.resolve(&subscriber.expect_message("small").await), topic);
        }
    }
}

async fn an_expired_message_sets_no_alias(harness: Harness) {
    let connect = harness.connect("subscriber").number(property::TOPIC_ALIAS_MAXIMUM, 10);
    let mut subscriber = connect.number(property::RECEIVE_MAXIMUM, 1).open().await;
    subscriber.subscribe(harness.topic("+/1"), 2).await;
    subscriber.subscribe(harness.topic("first"), 2).await;
    let mut publisher = harness.client("publisher").await;
    let mut aliases = Aliases::new(10);
    publisher.publish(harness.topic("first"), "first", 1).await;
    let topic = topic(&harness, 1);
    let short = Properties::default().number(property::MESSAGE_EXPIRY, 1);
    publisher.exchange_publish(Publish::new(&topic, "short").qos(1, 0).properties(short)).await;
    publisher.publish(&topic, "no expiry", 1).await;
    publisher.publish(&topic, "again", 1).await;
    harness.wait_by_broker_clock(3).await;
    for (topic, payload) in [(&harness.topic("first"), "first"), (&topic, "no expiry"), (&topic, "again")] {
        assert_eq!(aliases.resolve(&subscriber.expect_message(payload).await), *topic);
    }
}

/// Connects a client with the given Topic Alias Maximum, and subscribes to all topics of the test.
async fn subscriber(harness: &Harness, name: &str, maximum: u32) -> Client {
    let mut client = harness.connect(name).number(property::TOPIC_ALIAS_MAXIMUM, maximum).open().await;
    client.subscribe(harness.topic("#"), 2).await;
    client
}
