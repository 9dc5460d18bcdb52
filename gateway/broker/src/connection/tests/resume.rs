//! Retained messages that a session is still owed when its connection ends come by the next one, for as long as the
//! subscription lives that asked for them.

use tidegate_mqtt::Connect;
use tidegate_mqtt::QoS::{AtLeastOnce, AtMostOnce};
use tidegate_mqtt::RetainHandling::{Send, SendIfNew};

use super::{Received, Scene, due, options};

fn kept(connect: &mut Connect) {
    connect.clean_start = false;
    connect.session_expiry = Some(60);
}

/// The session "a" gets two of five messages, then its connection breaks.
fn interrupt(scene: &Scene) {
    scene.retain(0..5, 0);
    let mut client = scene.connect("a", kept);
    client.subscribe("kept/+", options(AtMostOnce, Send), 1);
    assert_eq!(client.turns(2), due(0..2, AtMostOnce, 1));
    client.cut();
}

#[test]
fn what_was_not_sent_comes_behind_what_was_not_acknowledged() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    let mut client = scene.connect("a", kept);
    client.subscribe("kept/+", options(AtLeastOnce, Send), 1);
    assert_eq!(client.turns(2), due(0..2, AtLeastOnce, 1));
    client.acknowledge("kept/0");
    client.cut();
    let mut client = scene.connect("a", kept);
    let again = due(1..2, AtLeastOnce, 1).into_iter().map(|received| Received { dup: true, ..received });
    let expected: Vec<_> = again.chain(due(2..5, AtLeastOnce, 1)).collect();
    assert_eq!(client.rest(), expected);
}

#[test]
fn nothing_is_lost_over_many_connections() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    let mut client = scene.connect("a", kept);
    client.subscribe("kept/+", options(AtMostOnce, Send), 1);
    let mut received = Vec::new();
    for _ in 0..5 {
        received.extend(client.turns(1));
        client.cut();
        client = scene.connect("a", kept);
        // CONNACK has to be written first.
        assert_eq!(client.turns(1), []);
    }
    assert_eq!(received, due(0..5, AtMostOnce, 1));
    assert_eq!(client.rest(), []);
}

#[test]
fn a_takeover_leaves_the_rest_to_the_later_connection() {
    let scene = Scene::new();
    scene.retain(0..5, 0);
    let mut former = scene.connect("a", kept);
    former.subscribe("kept/+", options(AtMostOnce, Send), 1);
    assert_eq!(former.turns(2), due(0..2, AtMostOnce, 1));
    let mut later = scene.connect("a", kept);
    assert!(former.replay().is_err());
    former.cut();
    assert_eq!(later.rest(), due(2..5, AtMostOnce, 1));
}

#[test]
fn what_is_left_comes_with_the_options_of_a_later_subscribe() {
    let scene = Scene::new();
    interrupt(&scene);
    let mut client = scene.connect("a", kept);
    client.subscribe("kept/+", options(AtLeastOnce, SendIfNew), 2);
    assert_eq!(client.rest(), due(2..5, AtLeastOnce, 2));
}

#[test]
fn an_unsubscribe_after_ends_it() {
    let scene = Scene::new();
    interrupt(&scene);
    let mut client = scene.connect("a", kept);
    client.unsubscribe("kept/+");
    assert_eq!(client.rest(), []);
}

#[test]
fn a_clean_start_is_owed_nothing() {
    let scene = Scene::new();
    interrupt(&scene);
    let mut client = scene.connect("a", |_| {});
    assert_eq!(client.rest(), []);
}
