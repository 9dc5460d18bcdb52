//! Tests the topic aliases that a client sets: which aliases the broker accepts, and how long an alias is valid.

use crate::case::cases;
use crate::client::Client;
use crate::harness::Harness;
use crate::wire::{Packet, Properties, Publish, property};

cases! {
    every_alias_up_to_the_maximum_is_accepted: "MQTT5-3.3.2-12";
    an_alias_can_be_given_to_another_topic: "MQTT5-3.3.2-12";
    an_alias_ends_with_its_connection: "MQTT5-3.3.2-7", "TRAP5-92";
    each_publisher_has_its_own_aliases: "MQTT5-3.3.2-7", "TRAP5-92";
    alias_0_ends_the_connection: "MQTT5-3.3.2-8", "TRAP5-93";
    an_alias_above_the_maximum_ends_the_connection: "MQTT5-3.3.2-9", "TRAP5-93";
    an_alias_when_none_is_allowed_ends_the_connection [NO_TOPIC_ALIAS]: "MQTT5-3.3.2-9", "TRAP5-90";
    an_unknown_alias_ends_the_connection: "TRAP5-93";
    an_empty_topic_without_an_alias_ends_the_connection: "TRAP5-93";
}

async fn every_alias_up_to_the_maximum_is_accepted(harness: Harness) {
    let (mut publisher, maximum) = publisher(&harness, "publisher").await;
    let mut subscriber = harness.subscriber("subscriber", harness.topic("+"), 2).await;
    let aliases = || (1..=maximum.min(100)).chain([maximum]).filter(|alias| *alias > 0);
    for alias in aliases() {
        publisher.exchange_publish(aliased(harness.topic(&alias.to_string()), "set", alias)).await;
        assert_eq!(subscriber.expect_message("set").await.topic, harness.topic(&alias.to_string()));
    }
    for alias in aliases() {
        for qos in 0..3 {
            publisher.exchange_publish(aliased("", "used", alias).qos(qos, 0)).await;
            let message = subscriber.expect_message("used").await;
            assert_eq!(
                (message.topic, message.qos),
                (harness.topic(&alias.to_string()), qos),
                "alias {alias}"
            );
        }
    }
}

async fn an_alias_can_be_given_to_another_topic(harness: Harness) {
    let (mut publisher, maximum) = publisher(&harness, "publisher").await;
    if maximum < 2 {
        return harness.assert_optional_feature("two topic aliases");
    }
    let mut subscriber = harness.subscriber("subscriber", harness.topic("+"), 2).await;
    for (topic, alias) in [("a", 1), ("b", 2), ("c", 1), ("c", 2), ("d", 2)] {
        publisher.exchange_publish(aliased(harness.topic(topic), "set", alias)).await;
        subscriber.expect_message("set").await;
    }
    for (alias, topic) in [(1, "c"), (2, "d")] {
        publisher.exchange_publish(aliased("", "used", alias)).await;
        assert_eq!(subscriber.expect_message("used").await.topic, harness.topic(topic), "alias {alias}");
    }
}

async fn an_alias_ends_with_its_connection(harness: Harness) {
    let mut subscriber = harness.subscriber("subscriber", harness.topic("#"), 2).await;
    for qos in 0..3 {
        let (mut first, connack) = harness.connect("publisher").persistent().open_with_connack().await;
        if announced(&connack) == 0 {
            return harness.assert_optional_feature("topic aliases");
        }
        first.exchange_publish(aliased(harness.topic("a"), "set", 1)).await;
        subscriber.expect_message("set").await;
        first.disconnect().await;
        let (mut second, connack) = harness.connect("publisher").persistent().open_with_connack().await;
        assert!(connack.session_present, "the session is resumed");
        second.send_publish(&aliased("", "used", 1).qos(qos, 100)).await;
        second.expect_close_without_answer(&[0x82]).await;
        subscriber.expect_no_message().await;
    }
}

async fn each_publisher_has_its_own_aliases(harness: Harness) {
    let (mut one, maximum) = publisher(&harness, "one").await;
    let (mut two, _) = publisher(&harness, "two").await;
    if maximum == 0 {
        return harness.assert_optional_feature("topic aliases");
    }
    let mut subscriber = harness.subscriber("subscriber", harness.topic("+"), 2).await;
    let topics = [harness.topic("a"), harness.topic("b")];
    one.exchange_publish(aliased(&topics[0], "set", 1)).await;
    two.exchange_publish(aliased(&topics[1], "set", 1)).await;
    one.exchange_publish(aliased("", "used", 1).qos(1, 0)).await;
    two.exchange_publish(aliased("", "used", 1).qos(2, 0)).await;
    let messages = subscriber.drain_messages().await;
    let seen: Vec<_> = messages.iter().map(|message| message.topic.clone()).collect();
    assert_eq!(seen, [&topics[..], &topics].concat());
    // The subscriber has not allowed topic aliases, so the broker sends it none.
    assert!(messages.iter().all(|message| !message.properties.has(property::TOPIC_ALIAS)), "{messages:?}");
}

async fn alias_0_ends_the_connection(harness: Harness) {
    assert_ends_connection(&harness, &aliased(harness.topic("a"), "x", 0), 0x94).await;
    assert_ends_connection(&harness, &aliased("", "x", 0), 0x94).await;
}

async fn an_alias_above_the_maximum_ends_the_connection(harness: Harness) {
    let (_, maximum) = publisher(&harness, "client").await;
    if maximum == 65_535 {
        return harness.assert_optional_feature("a Topic Alias Maximum below 65,535");
    }
    for alias in [maximum.saturating_add(1), 65_535] {
        if alias > maximum {
            assert_ends_connection(&harness, &aliased(harness.topic("a"), "x", alias), 0x94).await;
            assert_ends_connection(&harness, &aliased("", "x", alias), 0x94).await;
        }
    }
}

async fn an_alias_when_none_is_allowed_ends_the_connection(harness: Harness) {
    assert_eq!(publisher(&harness, "client").await.1, 0, "the broker announces no Topic Alias Maximum");
    for alias in [1, 65_535] {
        assert_ends_connection(&harness, &aliased(harness.topic("a"), "x", alias), 0x94).await;
        assert_ends_connection(&harness, &aliased("", "x", alias), 0x94).await;
    }
}

async fn an_unknown_alias_ends_the_connection(harness: Harness) {
    let (_, maximum) = publisher(&harness, "client").await;
    if maximum == 0 {
        return harness.assert_optional_feature("topic aliases");
    }
    for alias in [1, maximum] {
        if (1..=maximum).contains(&alias) {
            assert_ends_connection(&harness, &aliased("", "x", alias), 0x82).await;
        }
    }
}

async fn an_empty_topic_without_an_alias_ends_the_connection(harness: Harness) {
    assert_ends_connection(&harness, &Publish::new("", "x"), 0x82).await;
}

async fn assert_ends_connection(harness: &Harness, publish: &Publish, code: u8) {
    let mut watcher = harness.subscriber("watcher", harness.topic("#"), 2).await;
    for qos in 0..3 {
        let mut publisher = harness.client("publisher").await;
        publisher.send_publish(&publish.clone().qos(qos, 1)).await;
        publisher.expect_close_without_answer(&[code]).await;
    }
    watcher.expect_no_message().await;
}

/// Connects a client. Returns the client and the number of topic aliases that the broker allows.
async fn publisher(harness: &Harness, name: &str) -> (Client, u32) {
    let (client, connack) = harness.connect(name).open_with_connack().await;
    (client, announced(&connack))
}

fn announced(connack: &Packet) -> u32 {
    connack.properties.get_number(property::TOPIC_ALIAS_MAXIMUM).unwrap_or(0)
}

fn aliased(topic: impl AsRef<[u8]>, payload: &str, alias: u32) -> Publish {
    Publish::new(topic, payload).properties(Properties::default().number(property::TOPIC_ALIAS, alias))
}
