//! Shared subscriptions: one member a message, and no message lost when a member goes.

use tidegate_mqtt::QoS;
use tidegate_session::{Cause, Config};

use super::{TestBroker, payloads};

#[test]
fn each_message_goes_to_one_member_in_turn() {
    let mut house = TestBroker::new(Config::default());
    let publisher = house.attach("p", |_| {});
    let members = [house.attach("a", |_| {}), house.attach("b", |_| {})];
    for member in &members {
        house.subscribe(member, "$share/g/t", QoS::AtMostOnce);
    }
    house.publish(&publisher, "t", QoS::AtMostOnce, &[b"1", b"2", b"3", b"4"]);
    let [a, b] = members.map(|member| payloads(&member).len());
    assert_eq!((a, b), (2, 2));
}

#[test]
fn unacknowledged_messages_move_on_when_a_member_goes() {
    let mut house = TestBroker::new(Config::default());
    let publisher = house.attach("p", |_| {});
    let first = house.attach("a", |_| {});
    house.subscribe(&first, "$share/g/t", QoS::AtLeastOnce);
    house.publish(&publisher, "t", QoS::AtLeastOnce, &[b"1", b"2"]);
    assert_eq!(payloads(&first).len(), 2);
    let second = house.attach("b", |_| {});
    house.subscribe(&second, "$share/g/t", QoS::AtLeastOnce);
    let mut rest = Vec::new();
    house.broker.detach(&mut house.core, &first.handle, first.epoch, Cause::Closed, &mut rest, house.now);
    assert_eq!(payloads(&second), [b"1", b"2"]);
}

#[test]
fn online_members_come_first() {
    let mut house = TestBroker::new(Config::default());
    let publisher = house.attach("p", |_| {});
    let away = house.attach("a", |connect| connect.session_expiry = Some(60));
    let here = house.attach("b", |_| {});
    for member in [&away, &here] {
        house.subscribe(member, "$share/g/t", QoS::AtLeastOnce);
    }
    let mut rest = Vec::new();
    house.broker.detach(&mut house.core, &away.handle, away.epoch, Cause::Closed, &mut rest, house.now);
    house.publish(&publisher, "t", QoS::AtLeastOnce, &[b"1", b"2", b"3"]);
    assert_eq!(payloads(&here).len(), 3);
}
