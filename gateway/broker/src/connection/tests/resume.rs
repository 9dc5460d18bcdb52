//! A replay of retained messages that was interrupted by the end of a connection continues on the next connection of
//! the session, as long as the subscription exists.

use tidegate_mqtt::Connect;
use tidegate_mqtt::QoS::{AtLeastOnce, AtMostOnce};
use tidegate_mqtt::RetainHandling::{Send, SendIfNew};

use super::{Received, SharedBroker, expected_messages, subscription_options};

fn persistent(connect: &mut Connect) {
    connect.clean_start = false;
    connect.session_expiry = Some(60);
}

/// Lets the session "a" receive two of five messages, and then ends its connection.
fn interrupt_replay(shared_broker: &SharedBroker) {
    shared_broker.retain(0..5, 0);
    let mut client = shared_broker.connect("a", persistent);
    client.subscribe("kept/+", subscription_options(AtMostOnce, Send), 1);
    assert_eq!(client.receive_turns(2), expected_messages(0..2, AtMostOnce, 1));
    client.close();
}

#[test]
fn unsent_messages_follow_the_unacknowledged_ones() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    let mut client = shared_broker.connect("a", persistent);
    client.subscribe("kept/+", subscription_options(AtLeastOnce, Send), 1);
    assert_eq!(client.receive_turns(2), expected_messages(0..2, AtLeastOnce, 1));
    client.acknowledge("kept/0");
    client.close();
    let mut client = shared_broker.connect("a", persistent);
    let again = expected_messages(1..2, AtLeastOnce, 1)
        .into_iter()
        .map(|received| Received { dup: true, ..received });
    let messages: Vec<_> = again.chain(expected_messages(2..5, AtLeastOnce, 1)).collect();
    assert_eq!(client.receive_rest(), messages);
}

#[test]
fn no_message_is_lost_over_several_connections() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    let mut client = shared_broker.connect("a", persistent);
    client.subscribe("kept/+", subscription_options(AtMostOnce, Send), 1);
    let mut received = Vec::new();
    for _ in 0..5 {
        received.extend(client.receive_turns(1));
        client.close();
        client = shared_broker.connect("a", persistent);
        // The first turn only writes CONNACK.
        assert_eq!(client.receive_turns(1), []);
    }
    assert_eq!(received, expected_messages(0..5, AtMostOnce, 1));
    assert_eq!(client.receive_rest(), []);
}

#[test]
fn a_takeover_continues_the_replay_on_the_later_connection() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    let mut former = shared_broker.connect("a", persistent);
    former.subscribe("kept/+", subscription_options(AtMostOnce, Send), 1);
    assert_eq!(former.receive_turns(2), expected_messages(0..2, AtMostOnce, 1));
    let mut later = shared_broker.connect("a", persistent);
    assert!(former.replay().is_err());
    former.close();
    assert_eq!(later.receive_rest(), expected_messages(2..5, AtMostOnce, 1));
}

#[test]
fn remaining_messages_are_sent_with_the_options_of_a_later_subscribe() {
    let shared_broker = SharedBroker::new();
    interrupt_replay(&shared_broker);
    let mut client = shared_broker.connect("a", persistent);
    client.subscribe("kept/+", subscription_options(AtLeastOnce, SendIfNew), 2);
    assert_eq!(client.receive_rest(), expected_messages(2..5, AtLeastOnce, 2));
}

#[test]
fn unsubscribe_on_the_next_connection_ends_the_replay() {
    let shared_broker = SharedBroker::new();
    interrupt_replay(&shared_broker);
    let mut client = shared_broker.connect("a", persistent);
    client.unsubscribe("kept/+");
    assert_eq!(client.receive_rest(), []);
}

#[test]
fn a_clean_start_ends_the_replay() {
    let shared_broker = SharedBroker::new();
    interrupt_replay(&shared_broker);
    let mut client = shared_broker.connect("a", |_| {});
    assert_eq!(client.receive_rest(), []);
}
