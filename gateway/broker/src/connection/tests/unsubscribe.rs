//! An UNSUBSCRIBE for a filter whose retained messages are still being sent: the rest is not owed any more.

use tidegate_mqtt::QoS::{AtLeastOnce, AtMostOnce};
use tidegate_mqtt::RetainHandling::{Send, SendIfNew};

use super::{Scene, due, options};

#[test]
fn the_rest_is_not_sent() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    for qos in [AtMostOnce, AtLeastOnce] {
        let mut client = scene.connect("a", |_| {});
        client.subscribe("kept/+", options(qos, Send), 1);
        assert_eq!(client.turns(2), due(0..2, qos, 1));
        client.unsubscribe("kept/+");
        assert_eq!(client.rest(), []);
    }
}

#[test]
fn the_same_filter_is_a_new_subscription_then() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    let mut client = scene.connect("a", |_| {});
    client.subscribe("kept/+", options(AtLeastOnce, Send), 1);
    assert_eq!(client.turns(2), due(0..2, AtLeastOnce, 1));
    client.unsubscribe("kept/+");
    client.subscribe("kept/+", options(AtMostOnce, SendIfNew), 2);
    assert_eq!(client.rest(), due(0..5, AtMostOnce, 2));
}

#[test]
fn another_subscription_gets_all_that_it_is_owed() {
    let scene = Scene::new();
    scene.retain(0..4, 0);
    for (ended, left) in [("kept/#", 2), ("kept/+", 1)] {
        let mut client = scene.connect("a", |_| {});
        client.subscribe("kept/#", options(AtMostOnce, Send), 1);
        client.subscribe("kept/+", options(AtMostOnce, Send), 2);
        // In the order of the filters.
        assert_eq!(client.turns(1), due(0..1, AtMostOnce, 1));
        client.unsubscribe(ended);
        let first = if left == 1 { 1 } else { 0 };
        assert_eq!(client.rest(), due(first..4, AtMostOnce, left), "without {ended}");
    }
}
