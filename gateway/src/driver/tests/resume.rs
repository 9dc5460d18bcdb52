//! Retained messages that a session is still owed when its connection ends come by the next one, for as long as the
//! subscription lives that asked for them.

use std::task::{Context, Waker};

use tidegate_mqtt::Connect;
use tidegate_mqtt::QoS::{AtLeastOnce, AtMostOnce};
use tidegate_mqtt::RetainHandling::{Send, SendIfNew};

use super::{Came, TestBroker, due, on_a_core, options};

fn kept(connect: &mut Connect) {
    connect.clean_start = false;
    connect.session_expiry = Some(60);
}

/// The session "a" gets two of five messages, then its connection breaks.
async fn interrupt(house: &TestBroker) {
    house.retain(0..5, 0);
    let mut client = house.connect("a", kept).await;
    client.subscribe("kept/+", options(AtMostOnce, Send), 1);
    assert_eq!(client.turns(2), due(0..2, AtMostOnce, 1));
    house.cut(client);
}

#[test]
fn what_was_not_sent_comes_behind_what_was_not_acknowledged() {
    on_a_core(|house| async move {
        house.retain(0..5, 0);
        let mut client = house.connect("a", kept).await;
        client.subscribe("kept/+", options(AtLeastOnce, Send), 1);
        assert_eq!(client.turns(2), due(0..2, AtLeastOnce, 1));
        client.acknowledge("kept/0");
        house.cut(client);
        let mut client = house.connect("a", kept).await;
        let again = due(1..2, AtLeastOnce, 1).into_iter().map(|came| Came { dup: true, ..came });
        let expected: Vec<_> = again.chain(due(2..5, AtLeastOnce, 1)).collect();
        assert_eq!(client.rest(), expected);
    });
}

#[test]
fn nothing_is_lost_over_many_connections() {
    on_a_core(|house| async move {
        house.retain(0..5, 0);
        let mut client = house.connect("a", kept).await;
        client.subscribe("kept/+", options(AtMostOnce, Send), 1);
        let mut came = Vec::new();
        for _ in 0..5 {
            came.extend(client.turns(1));
            house.cut(client);
            client = house.connect("a", kept).await;
            // CONNACK has to be written first.
            assert_eq!(client.turns(1), []);
        }
        assert_eq!(came, due(0..5, AtMostOnce, 1));
        assert_eq!(client.rest(), []);
    });
}

#[test]
fn a_takeover_leaves_the_rest_to_the_later_connection() {
    on_a_core(|house| async move {
        house.retain(0..5, 0);
        let mut former = house.connect("a", kept).await;
        former.subscribe("kept/+", options(AtMostOnce, Send), 1);
        assert_eq!(former.turns(2), due(0..2, AtMostOnce, 1));
        let mut later = house.connect("a", kept).await;
        assert!(former.driver.replay(&mut Context::from_waker(Waker::noop())).is_err());
        house.cut(former);
        assert_eq!(later.rest(), due(2..5, AtMostOnce, 1));
    });
}

#[test]
fn what_is_left_comes_under_terms_that_are_given_after() {
    on_a_core(|house| async move {
        interrupt(&house).await;
        let mut client = house.connect("a", kept).await;
        client.subscribe("kept/+", options(AtLeastOnce, SendIfNew), 2);
        assert_eq!(client.rest(), due(2..5, AtLeastOnce, 2));
    });
}

#[test]
fn an_unsubscribe_after_ends_it() {
    on_a_core(|house| async move {
        interrupt(&house).await;
        let mut client = house.connect("a", kept).await;
        client.unsubscribe("kept/+");
        assert_eq!(client.rest(), []);
    });
}

#[test]
fn a_clean_start_is_owed_nothing() {
    on_a_core(|house| async move {
        interrupt(&house).await;
        let mut client = house.connect("a", |_| {}).await;
        assert_eq!(client.rest(), []);
    });
}
