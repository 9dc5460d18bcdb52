//! A session has one owner: the later CONNECT takes the session over, and the former connection can no longer change
//! it.

use tidegate_mqtt::{QoS, Will};
use tidegate_session::Config;

use super::{TestBroker, take_payloads, was_notified};
use crate::Signal;

#[test]
fn the_former_connection_loses_ownership_and_is_notified() {
    let mut test_broker = TestBroker::new(Config::default());
    let former = test_broker.attach("a", |_| {});
    let later = test_broker.attach("a", |connect| connect.clean_start = false);
    let owns = |owner| test_broker.broker.take_writer(owner);
    assert!(!owns(&former.owner) && owns(&later.owner), "only the later connection may change the session");
    assert!(was_notified(&former.signals, Signal::TakenOver));
    assert!(!was_notified(&later.signals, Signal::TakenOver));
}

#[test]
fn the_end_of_the_former_connection_does_not_change_the_session() {
    let mut test_broker = TestBroker::new(Config::default());
    let former = test_broker.attach("a", |connect| connect.session_expiry = Some(60));
    test_broker.subscribe(&former, "t", QoS::AtLeastOnce);
    let later = test_broker.attach("a", |connect| {
        connect.clean_start = false;
        connect.session_expiry = Some(60);
    });
    test_broker.detach(&former);
    test_broker.publish(&later, "t", QoS::AtLeastOnce, &[b"x"]);
    assert_eq!(take_payloads(&later), [b"x"]);
}

#[test]
fn a_takeover_publishes_the_will_of_the_former_connection() {
    let mut test_broker = TestBroker::new(Config::default());
    let subscriber = test_broker.attach("s", |_| {});
    test_broker.subscribe(&subscriber, "gone", QoS::AtMostOnce);
    let will = Will::new(tidegate_mqtt::topic::Name::parse("gone").unwrap(), b"a".to_vec(), QoS::AtMostOnce);
    test_broker.attach("a", |connect| connect.will = Some(will));
    assert!(take_payloads(&subscriber).is_empty());
    test_broker.attach("a", |_| {});
    assert_eq!(take_payloads(&subscriber), [b"a"]);
    assert_eq!(test_broker.totals().wills_published, 1);
}

#[test]
fn an_ended_session_leaves_no_subscription_and_no_handle() {
    let mut test_broker = TestBroker::new(Config::default());
    let client = test_broker.attach("a", |_| {});
    test_broker.subscribe(&client, "t/#", QoS::AtMostOnce);
    assert_eq!(test_broker.broker.tenant().router.filters(), 1);
    test_broker.detach(&client);
    assert_eq!(test_broker.broker.tenant().router.filters(), 0);
    assert!(test_broker.broker.registry().is_empty());
}
