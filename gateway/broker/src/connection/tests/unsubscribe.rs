//! UNSUBSCRIBE for a filter while its retained messages are still being sent: the remaining messages are not sent.

use tidegate_mqtt::QoS::{AtLeastOnce, AtMostOnce};
use tidegate_mqtt::RetainHandling::{Send, SendIfNew};

use super::{SharedBroker, expected_messages, subscription_options};

#[test]
fn unsubscribe_ends_the_replay() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    for qos in [AtMostOnce, AtLeastOnce] {
        let mut client = shared_broker.connect("a", |_| {});
        client.subscribe("kept/+", subscription_options(qos, Send), 1);
        assert_eq!(client.receive_turns(2), expected_messages(0..2, qos, 1));
        client.unsubscribe("kept/+");
        assert_eq!(client.receive_rest(), []);
    }
}

#[test]
fn a_later_subscribe_to_the_same_filter_is_a_new_subscription() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..5, 0);
    let mut client = shared_broker.connect("a", |_| {});
    client.subscribe("kept/+", subscription_options(AtLeastOnce, Send), 1);
    assert_eq!(client.receive_turns(2), expected_messages(0..2, AtLeastOnce, 1));
    client.unsubscribe("kept/+");
    client.subscribe("kept/+", subscription_options(AtMostOnce, SendIfNew), 2);
    assert_eq!(client.receive_rest(), expected_messages(0..5, AtMostOnce, 2));
}

#[test]
fn the_replay_of_another_subscription_continues() {
    let shared_broker = SharedBroker::new();
    shared_broker.retain(0..4, 0);
    for (removed, remaining) in [("kept/#", 2), ("kept/+", 1)] {
        let mut client = shared_broker.connect("a", |_| {});
        client.subscribe("kept/#", subscription_options(AtMostOnce, Send), 1);
        client.subscribe("kept/+", subscription_options(AtMostOnce, Send), 2);
        // Replays run in the order of their filters.
        assert_eq!(client.receive_turns(1), expected_messages(0..1, AtMostOnce, 1));
        client.unsubscribe(removed);
        let first = if remaining == 1 { 1 } else { 0 };
        assert_eq!(
            client.receive_rest(),
            expected_messages(first..4, AtMostOnce, remaining),
            "without {removed}"
        );
    }
}
