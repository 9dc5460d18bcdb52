//! One owner a session: the later CONNECT wins, the former can change nothing any more.

use tidegate_mqtt::{QoS, Will};
use tidegate_session::{Cause, Config};

use super::{TestBroker, payloads};
use crate::driver::Signal;

#[test]
fn the_former_connection_is_fenced_off_and_told() {
    let mut house = TestBroker::new(Config::default());
    let former = house.attach("a", |_| {});
    let later = house.attach("a", |connect| connect.clean_start = false);
    assert!(former.handle.own(former.epoch).is_none());
    assert!(later.handle.own(later.epoch).is_some());
    assert!(former.signals.take().has(Signal::TakenOver));
    assert!(!later.signals.take().has(Signal::TakenOver));
}

#[test]
fn the_end_of_the_former_connection_leaves_the_session_alone() {
    let mut house = TestBroker::new(Config::default());
    let former = house.attach("a", |connect| connect.session_expiry = Some(60));
    house.subscribe(&former, "t", QoS::AtLeastOnce);
    let later = house.attach("a", |connect| {
        connect.clean_start = false;
        connect.session_expiry = Some(60);
    });
    house.broker.detach(
        &mut house.core,
        &former.handle,
        former.epoch,
        Cause::Closed,
        &mut Vec::new(),
        house.now,
    );
    house.publish(&later, "t", QoS::AtLeastOnce, &[b"x"]);
    assert_eq!(payloads(&later), [b"x"]);
}

#[test]
fn a_takeover_publishes_the_will_of_the_former_connection() {
    let mut house = TestBroker::new(Config::default());
    let watcher = house.attach("w", |_| {});
    house.subscribe(&watcher, "gone", QoS::AtMostOnce);
    let will = Will::new(tidegate_mqtt::topic::Name::parse("gone").unwrap(), b"a".to_vec(), QoS::AtMostOnce);
    house.attach("a", |connect| connect.will = Some(will));
    assert!(payloads(&watcher).is_empty());
    house.attach("a", |_| {});
    assert_eq!(payloads(&watcher), [b"a"]);
    assert_eq!(house.totals().wills_published, 1);
}

#[test]
fn a_session_that_ended_leaves_no_subscription_and_no_seat() {
    let mut house = TestBroker::new(Config::default());
    let client = house.attach("a", |_| {});
    house.subscribe(&client, "t/#", QoS::AtMostOnce);
    assert_eq!(client.handle.tenant().router.filters(), 1);
    let mut rest = Vec::new();
    house.broker.detach(&mut house.core, &client.handle, client.epoch, Cause::Closed, &mut rest, house.now);
    assert_eq!(client.handle.tenant().router.filters(), 0);
    assert!(house.broker.registry().is_empty());
}
