//! Topic aliases for messages to the client: they stay within the client's Topic Alias Maximum, are known to the client
//! only after they were sent, and are discarded when the connection ends. [MQTT5-3.1.2-26] [MQTT5-3.1.2-27]
//! [MQTT5-3.3.2-11] [MQTT5-3.3.2-7]

use tidegate_mqtt::{Connect, QoS};
use tidegate_session::{Cause, Config, DropReason, Verdict};

use crate::pair::{SessionUnderTest, message, persistent_connect};

fn with_aliases(maximum: u16) -> Connect {
    let mut connect = persistent_connect();
    connect.topic_alias_maximum = Some(maximum);
    connect
}

/// Returns topic and alias of the PUBLISH packets that the client received.
fn aliases(pair: &mut SessionUnderTest) -> Vec<(String, Option<u16>)> {
    pair.published().into_iter().map(|publish| (publish.topic, publish.properties.alias)).collect()
}

fn sent_publish(topic: &str, alias: Option<u16>) -> (String, Option<u16>) {
    (topic.to_owned(), alias)
}

#[test]
fn a_topic_is_sent_once_and_then_replaced_by_its_alias() {
    let mut pair = SessionUnderTest::new(with_aliases(2));
    for topic in ["first", "first", "second", "third", "first", "third"] {
        let _ = pair.push(topic, QoS::AtMostOnce);
    }
    let expected = [
        sent_publish("first", Some(1)),
        sent_publish("", Some(1)),
        sent_publish("second", Some(2)),
        sent_publish("third", None),
        sent_publish("", Some(1)),
        sent_publish("third", None),
    ];
    assert_eq!(aliases(&mut pair), expected);
}

#[test]
fn no_alias_is_used_unless_client_and_configuration_allow_it() {
    for connect in [persistent_connect(), with_aliases(0)] {
        let mut pair = SessionUnderTest::new(connect);
        for _ in 0..3 {
            let _ = pair.push("topic", QoS::AtLeastOnce);
        }
        assert!(aliases(&mut pair).iter().all(|line| line.1.is_none()));
    }
    let config = Config { outgoing_alias_max: 0, ..Config::default() };
    let mut pair = SessionUnderTest::with(config, with_aliases(10));
    let _ = pair.push("topic", QoS::AtLeastOnce);
    assert_eq!(aliases(&mut pair), [sent_publish("topic", None)]);
}

#[test]
fn aliases_do_not_exceed_the_configured_maximum() {
    let mut pair = SessionUnderTest::new(with_aliases(u16::MAX));
    for number in 0..100 {
        let _ = pair.push(&format!("topic{number}"), QoS::AtMostOnce);
    }
    assert!(aliases(&mut pair).iter().filter_map(|line| line.1).all(|alias| alias <= 16));
}

#[test]
fn a_dropped_message_sets_no_alias() {
    let mut connect = with_aliases(10);
    connect.packet_size_max = Some(60);
    let mut pair = SessionUnderTest::new(connect);
    let large = message("topic", &[0; 100], None);
    assert_eq!(pair.push_message(&large, QoS::AtMostOnce), Verdict::Dropped(DropReason::TooLarge));
    let _ = pair.push("topic", QoS::AtMostOnce);
    assert_eq!(aliases(&mut pair), [sent_publish("topic", Some(1))]);
}

#[test]
fn a_message_that_fits_only_without_a_new_alias_is_sent_without_the_alias() {
    let mut connect = with_aliases(10);
    // Fixed header 2, topic 2 + 5, property length 1, payload 50.
    connect.packet_size_max = Some(60);
    let mut pair = SessionUnderTest::new(connect);
    let tight = message("topic", &[0; 50], None);
    assert_eq!(pair.push_message(&tight, QoS::AtMostOnce), Verdict::Sent);
    let _ = pair.push("topic", QoS::AtMostOnce);
    let _ = pair.push_message(&tight, QoS::AtMostOnce);
    assert_eq!(
        aliases(&mut pair),
        [sent_publish("topic", None), sent_publish("topic", Some(1)), sent_publish("", Some(1))]
    );
}

#[test]
fn aliases_are_set_again_when_messages_are_resent() {
    let mut pair = SessionUnderTest::new(with_aliases(10));
    for _ in 0..2 {
        let _ = pair.push("topic", QoS::AtLeastOnce);
    }
    assert_eq!(aliases(&mut pair)[1], sent_publish("", Some(1)));
    pair.detach(Cause::Closed);
    pair.connect(with_aliases(10));
    assert_eq!(aliases(&mut pair), [sent_publish("topic", Some(1)), sent_publish("", Some(1))]);
}

#[test]
fn frames_are_not_copied_to_a_client_with_aliases() {
    let mut pair = SessionUnderTest::new(with_aliases(10));
    assert_eq!(pair.session.push_encoded(&[0x30, 0], 1, 2), Verdict::PushOneByOne);
}

#[test]
fn the_alias_of_a_long_unused_topic_is_given_to_another_topic() {
    let mut pair = SessionUnderTest::new(with_aliases(1));
    let _ = pair.push("first", QoS::AtMostOnce);
    for _ in 0..300 {
        let _ = pair.push("second", QoS::AtMostOnce);
    }
    let received = aliases(&mut pair);
    assert_eq!(received[1], sent_publish("second", None));
    let reused_at = received.iter().position(|found| *found == sent_publish("second", Some(1)));
    assert_eq!(reused_at, Some(257), "after 256 messages without the first topic");
    assert_eq!(received.last(), Some(&sent_publish("", Some(1))));
}

#[test]
fn a_message_that_just_fits_with_a_new_alias_sets_the_alias() {
    let mut connect = with_aliases(10);
    // Fixed header 2, topic 2 + 5, property length 1, alias 3, payload 47.
    connect.packet_size_max = Some(60);
    let mut pair = SessionUnderTest::new(connect);
    let tight = message("topic", &[0; 47], None);
    assert_eq!(pair.push_message(&tight, QoS::AtMostOnce), Verdict::Sent);
    assert_eq!(aliases(&mut pair), [sent_publish("topic", Some(1))]);
}

#[test]
fn resent_messages_keep_their_packet_identifiers() {
    let mut pair = SessionUnderTest::new(with_aliases(10));
    for topic in ["first", "second"] {
        let _ = pair.push(topic, QoS::ExactlyOnce);
    }
    pair.detach(Cause::Closed);
    pair.connect(with_aliases(10));
    let expected = [("first".to_owned(), 1, true), ("second".to_owned(), 2, true)];
    assert_eq!(pair.summary(), expected, "[MQTT5-4.4.0-1]");
}

#[test]
fn a_topic_as_short_as_the_alias_property_gets_no_alias() {
    let mut pair = SessionUnderTest::new(with_aliases(10));
    for topic in ["abc", "abcd"] {
        let _ = pair.push(topic, QoS::AtMostOnce);
    }
    assert_eq!(aliases(&mut pair), [sent_publish("abc", None), sent_publish("abcd", Some(1))]);
}
