//! A SUBSCRIBE for a filter whose retained messages are still being sent: what is left comes with its options
//! `[MQTT5-3.8.4-3]`.

use tidegate_mqtt::QoS::{AtLeastOnce, AtMostOnce, ExactlyOnce};
use tidegate_mqtt::RetainHandling::{Never, Send, SendIfNew};
use tidegate_mqtt::SubscriptionOptions;

use super::{Scene, due, options};

#[test]
fn what_is_left_comes_once_and_with_the_new_options() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    for handling in [SendIfNew, Never] {
        for (before, after) in [(AtMostOnce, ExactlyOnce), (AtLeastOnce, AtMostOnce)] {
            let mut client = scene.connect("a", |_| {});
            client.subscribe("kept/+", options(before, Send), 1);
            assert_eq!(client.turns(2), due(0..2, before, 1));
            client.subscribe("kept/+", options(after, handling), 2);
            assert_eq!(client.rest(), due(2..5, after, 2), "{handling:?}");
        }
    }
}

#[test]
fn what_is_left_obeys_a_new_no_local() {
    let scene = Scene::new();
    let mut client = scene.connect("a", |_| {});
    scene.retain(0..4, client.connection.owner().handle.publisher());
    scene.retain(4..5, 0);
    client.subscribe("kept/+", options(AtMostOnce, Send), 1);
    assert_eq!(client.turns(2), due(0..2, AtMostOnce, 1));
    let options = SubscriptionOptions { no_local: true, ..options(AtMostOnce, SendIfNew) };
    client.subscribe("kept/+", options, 2);
    assert_eq!(client.rest(), due(4..5, AtMostOnce, 2));
}

/// All of them are due again, those that were left no more than once.
#[test]
fn retain_handling_0_begins_anew() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    let mut client = scene.connect("a", |_| {});
    client.subscribe("kept/+", options(AtLeastOnce, Send), 1);
    assert_eq!(client.turns(2), due(0..2, AtLeastOnce, 1));
    client.subscribe("kept/+", options(AtMostOnce, Send), 2);
    assert_eq!(client.rest(), due(0..5, AtMostOnce, 2));
}

/// What is retained after that is a message to the subscription as any other, and not owed besides.
#[test]
fn retain_handling_0_where_none_is_left_owes_nothing() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    let mut client = scene.connect("a", |_| {});
    client.subscribe("kept/+", options(AtMostOnce, Send), 1);
    assert_eq!(client.turns(2), due(0..2, AtMostOnce, 1));
    scene.forget(0..5);
    client.subscribe("kept/+", options(AtMostOnce, Send), 2);
    scene.retain(0..5, 0);
    assert_eq!(client.rest(), []);
}

#[test]
fn after_the_last_one_only_retain_handling_0_brings_them_again() {
    let scene = Scene::new();
    scene.retain(0..3, 0);
    let mut client = scene.connect("a", |_| {});
    client.subscribe("kept/+", options(AtMostOnce, SendIfNew), 1);
    assert_eq!(client.rest(), due(0..3, AtMostOnce, 1));
    for (identifier, handling) in [(2, SendIfNew), (3, Never)] {
        client.subscribe("kept/+", options(AtLeastOnce, handling), identifier);
        assert_eq!(client.rest(), [], "{handling:?}");
    }
    client.subscribe("kept/+", options(AtLeastOnce, Send), 4);
    assert_eq!(client.rest(), due(0..3, AtLeastOnce, 4));
}

#[test]
fn another_subscription_keeps_its_options() {
    let scene = Scene::new();
    scene.retain(0..4, 0);
    let mut client = scene.connect("a", |_| {});
    client.subscribe("kept/#", options(AtLeastOnce, Send), 1);
    client.subscribe("kept/+", options(AtLeastOnce, Send), 2);
    // In the order of the filters.
    assert_eq!(client.turns(2), due(0..2, AtLeastOnce, 1));
    client.subscribe("kept/#", options(AtMostOnce, Never), 3);
    let expected = [due(2..4, AtMostOnce, 3), due(0..4, AtLeastOnce, 2)].concat();
    assert_eq!(client.rest(), expected);
}
