//! Topic aliases that a client sets: which are taken, and how long they hold.

use crate::case::cases;
use crate::client::Client;
use crate::lab::Lab;
use crate::wire::{Packet, Properties, Publish, property};

cases! {
    every_alias_up_to_the_maximum_is_taken: "MQTT5-3.3.2-12";
    an_alias_can_be_given_to_another_topic: "MQTT5-3.3.2-12";
    an_alias_dies_with_its_connection: "MQTT5-3.3.2-7", "TRAP5-92";
    an_alias_is_the_publishers_own: "MQTT5-3.3.2-7", "TRAP5-92";
    alias_0_ends_the_connection: "MQTT5-3.3.2-8", "TRAP5-93";
    an_alias_above_the_maximum_ends_the_connection: "MQTT5-3.3.2-9", "TRAP5-93";
    an_alias_where_none_was_announced_ends_the_connection [NO_ALIAS]: "MQTT5-3.3.2-9", "TRAP5-90";
    an_unknown_alias_ends_the_connection: "TRAP5-93";
    no_topic_and_no_alias_end_the_connection: "TRAP5-93";
}

async fn every_alias_up_to_the_maximum_is_taken(lab: Lab) {
    let (mut publisher, maximum) = publisher(&lab, "publisher").await;
    let mut subscriber = lab.subscriber("subscriber", lab.topic("+"), 2).await;
    let aliases = || (1..=maximum.min(100)).chain([maximum]).filter(|alias| *alias > 0);
    for alias in aliases() {
        publisher.exchange_publish(aliased(lab.topic(&alias.to_string()), "set", alias)).await;
        assert_eq!(subscriber.hears("set").await.topic, lab.topic(&alias.to_string()));
    }
    for alias in aliases() {
        for qos in 0..3 {
            publisher.exchange_publish(aliased("", "used", alias).qos(qos, 0)).await;
            let message = subscriber.hears("used").await;
            assert_eq!((message.topic, message.qos), (lab.topic(&alias.to_string()), qos), "alias {alias}");
        }
    }
}

async fn an_alias_can_be_given_to_another_topic(lab: Lab) {
    let (mut publisher, maximum) = publisher(&lab, "publisher").await;
    if maximum < 2 {
        return lab.not_offered("two aliases");
    }
    let mut subscriber = lab.subscriber("subscriber", lab.topic("+"), 2).await;
    for (topic, alias) in [("a", 1), ("b", 2), ("c", 1), ("c", 2), ("d", 2)] {
        publisher.exchange_publish(aliased(lab.topic(topic), "set", alias)).await;
        subscriber.hears("set").await;
    }
    for (alias, topic) in [(1, "c"), (2, "d")] {
        publisher.exchange_publish(aliased("", "used", alias)).await;
        assert_eq!(subscriber.hears("used").await.topic, lab.topic(topic), "alias {alias}");
    }
}

async fn an_alias_dies_with_its_connection(lab: Lab) {
    let mut subscriber = lab.subscriber("subscriber", lab.topic("#"), 2).await;
    for qos in 0..3 {
        let (mut first, connack) = lab.connect("publisher").kept().accepted().await;
        if announced(&connack) == 0 {
            return lab.not_offered("alias");
        }
        first.exchange_publish(aliased(lab.topic("a"), "set", 1)).await;
        subscriber.hears("set").await;
        first.leave().await;
        let (mut second, connack) = lab.connect("publisher").kept().accepted().await;
        assert!(connack.session_present, "the session is the same");
        second.send_publish(&aliased("", "used", 1).qos(qos, 100)).await;
        second.is_cut_off_unanswered(&[0x82]).await;
        subscriber.hears_nothing().await;
    }
}

async fn an_alias_is_the_publishers_own(lab: Lab) {
    let (mut one, maximum) = publisher(&lab, "one").await;
    let (mut two, _) = publisher(&lab, "two").await;
    if maximum == 0 {
        return lab.not_offered("alias");
    }
    let mut subscriber = lab.subscriber("subscriber", lab.topic("+"), 2).await;
    let topics = [lab.topic("a"), lab.topic("b")];
    one.exchange_publish(aliased(&topics[0], "set", 1)).await;
    two.exchange_publish(aliased(&topics[1], "set", 1)).await;
    one.exchange_publish(aliased("", "used", 1).qos(1, 0)).await;
    two.exchange_publish(aliased("", "used", 1).qos(2, 0)).await;
    let messages = subscriber.messages().await;
    let seen: Vec<_> = messages.iter().map(|message| message.topic.clone()).collect();
    assert_eq!(seen, [&topics[..], &topics].concat());
    // A subscriber that allows none gets none.
    assert!(messages.iter().all(|message| !message.properties.has(property::TOPIC_ALIAS)), "{messages:?}");
}

async fn alias_0_ends_the_connection(lab: Lab) {
    end_the_connection(&lab, &aliased(lab.topic("a"), "x", 0), 0x94).await;
    end_the_connection(&lab, &aliased("", "x", 0), 0x94).await;
}

async fn an_alias_above_the_maximum_ends_the_connection(lab: Lab) {
    let (_, maximum) = publisher(&lab, "client").await;
    if maximum == 65_535 {
        return lab.not_offered("bound on aliases");
    }
    for alias in [maximum.saturating_add(1), 65_535] {
        if alias > maximum {
            end_the_connection(&lab, &aliased(lab.topic("a"), "x", alias), 0x94).await;
            end_the_connection(&lab, &aliased("", "x", alias), 0x94).await;
        }
    }
}

async fn an_alias_where_none_was_announced_ends_the_connection(lab: Lab) {
    assert_eq!(publisher(&lab, "client").await.1, 0, "none was announced");
    for alias in [1, 65_535] {
        end_the_connection(&lab, &aliased(lab.topic("a"), "x", alias), 0x94).await;
        end_the_connection(&lab, &aliased("", "x", alias), 0x94).await;
    }
}

async fn an_unknown_alias_ends_the_connection(lab: Lab) {
    let (_, maximum) = publisher(&lab, "client").await;
    if maximum == 0 {
        return lab.not_offered("alias");
    }
    for alias in [1, maximum] {
        if (1..=maximum).contains(&alias) {
            end_the_connection(&lab, &aliased("", "x", alias), 0x82).await;
        }
    }
}

async fn no_topic_and_no_alias_end_the_connection(lab: Lab) {
    end_the_connection(&lab, &Publish::new("", "x"), 0x82).await;
}

async fn end_the_connection(lab: &Lab, publish: &Publish, code: u8) {
    let mut watcher = lab.subscriber("watcher", lab.topic("#"), 2).await;
    for qos in 0..3 {
        let mut publisher = lab.client("publisher").await;
        publisher.send_publish(&publish.clone().qos(qos, 1)).await;
        publisher.is_cut_off_unanswered(&[code]).await;
    }
    watcher.hears_nothing().await;
}

/// A client, and how many aliases the broker allows it.
async fn publisher(lab: &Lab, name: &str) -> (Client, u32) {
    let (client, connack) = lab.connect(name).accepted().await;
    (client, announced(&connack))
}

fn announced(connack: &Packet) -> u32 {
    connack.properties.get_number(property::TOPIC_ALIAS_MAXIMUM).unwrap_or(0)
}

fn aliased(topic: impl AsRef<[u8]>, payload: &str, alias: u32) -> Publish {
    Publish::new(topic, payload).properties(Properties::default().number(property::TOPIC_ALIAS, alias))
}
