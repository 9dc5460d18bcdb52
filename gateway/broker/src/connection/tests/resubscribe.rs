//! A second SUBSCRIBE for a filter while its retained messages are still being sent: the remaining messages are sent
//! with the new options `[MQTT5-3.8.4-3]`.

use tidegate_mqtt::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use tidegate_mqtt::RetainHandling::{Never, Send, SendIfNew};
use tidegate_mqtt::SubscriptionOptions;

use super::{SharedBroker, expected_messages, subscription_options};

#[test]
fn remaining_messages_are_sent_once_and_with_the_new_options() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    for handling in [SendIfNew, Never] {
        for (before, after) in [(AtMostOnce, ExactlyOnce), (AtLeastOnce, AtMostOnce)] {
            let mut client = shared_broker.connect("a", |_| {});
            client.subscribe("kept/+", subscription_options(before, Send), 1);
            assert_eq!(client.receive_turns(2), expected_messages(0..2, before, 1));
            client.subscribe("kept/+", subscription_options(after, handling), 2);
            assert_eq!(client.receive_rest(), expected_messages(2..5, after, 2), "{handling:?}");
        }
    }
}

#[test]
fn remaining_messages_respect_a_new_no_local() {
    let shared_broker = SharedBroker::new();
    let mut client = shared_broker.connect("a", |_| {});
    shared_broker.retain(0..4, client.connection.owner().handle.publisher());
    shared_broker.retain(4..5, 0);
    client.subscribe("kept/+", subscription_options(AtMostOnce, Send), 1);
    assert_eq!(client.receive_turns(2), expected_messages(0..2, AtMostOnce, 1));
    let options = SubscriptionOptions { no_local: true, ..subscription_options(AtMostOnce, SendIfNew) };
    client.subscribe("kept/+", options, 2);
    assert_eq!(client.receive_rest(), expected_messages(4..5, AtMostOnce, 2));
}

/// The replay starts again: retained messages that were already sent are sent again, and the remaining ones are sent
/// once.
#[test]
fn retain_handling_0_restarts_the_replay() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    let mut client = shared_broker.connect("a", |_| {});
    client.subscribe("kept/+", subscription_options(AtLeastOnce, Send), 1);
    assert_eq!(client.receive_turns(2), expected_messages(0..2, AtLeastOnce, 1));
    client.subscribe("kept/+", subscription_options(AtMostOnce, Send), 2);
    assert_eq!(client.receive_rest(), expected_messages(0..5, AtMostOnce, 2));
}

/// Messages retained after the second SUBSCRIBE are delivered when they are published, so the replay must not send
/// them.
#[test]
fn retain_handling_0_without_retained_messages_ends_the_replay() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    let mut client = shared_broker.connect("a", |_| {});
    client.subscribe("kept/+", subscription_options(AtMostOnce, Send), 1);
    assert_eq!(client.receive_turns(2), expected_messages(0..2, AtMostOnce, 1));
    shared_broker.delete_retained(0..5);
    client.subscribe("kept/+", subscription_options(AtMostOnce, Send), 2);
    shared_broker.retain(0..5, 0);
    assert_eq!(client.receive_rest(), []);
}

#[test]
fn after_a_complete_replay_only_retain_handling_0_sends_the_messages_again() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..3, 0);
    let mut client = shared_broker.connect("a", |_| {});
    client.subscribe("kept/+", subscription_options(AtMostOnce, SendIfNew), 1);
    assert_eq!(client.receive_rest(), expected_messages(0..3, AtMostOnce, 1));
    for (identifier, handling) in [(2, SendIfNew), (3, Never)] {
        client.subscribe("kept/+", subscription_options(AtLeastOnce, handling), identifier);
        assert_eq!(client.receive_rest(), [], "{handling:?}");
    }
    client.subscribe("kept/+", subscription_options(AtLeastOnce, Send), 4);
    assert_eq!(client.receive_rest(), expected_messages(0..3, AtLeastOnce, 4));
}

#[test]
fn other_subscriptions_keep_their_options() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..4, 0);
    let mut client = shared_broker.connect("a", |_| {});
    client.subscribe("kept/#", subscription_options(AtLeastOnce, Send), 1);
    client.subscribe("kept/+", subscription_options(AtLeastOnce, Send), 2);
    // Replays run in the order of their filters.
    assert_eq!(client.receive_turns(2), expected_messages(0..2, AtLeastOnce, 1));
    client.subscribe("kept/#", subscription_options(AtMostOnce, Never), 3);
    let messages = [expected_messages(2..4, AtMostOnce, 3), expected_messages(0..4, AtLeastOnce, 2)].concat();
    assert_eq!(client.receive_rest(), messages);
}
