//! Shared subscriptions: each message goes to one member, and no message is lost when a member disconnects.

use tidegate_mqtt::QoS;
use tidegate_session::Config;

use super::{TestBroker, take_payloads};

#[test]
fn each_message_goes_to_one_member_in_turn() {
    let mut test_broker = TestBroker::new(Config::default());
    let publisher = test_broker.attach("p", |_| {});
    let members = [test_broker.attach("a", |_| {}), test_broker.attach("b", |_| {})];
    for member in &members {
        test_broker.subscribe(member, "$share/g/t", QoS::AtMostOnce);
    }
    test_broker.publish(&publisher, "t", QoS::AtMostOnce, &[b"1", b"2", b"3", b"4"]);
    let [a, b] = members.map(|member| take_payloads(&member).len());
    assert_eq!((a, b), (2, 2));
}

#[test]
fn unacknowledged_messages_go_to_another_member_when_one_disconnects() {
    let mut test_broker = TestBroker::new(Config::default());
    let publisher = test_broker.attach("p", |_| {});
    let first = test_broker.attach("a", |_| {});
    test_broker.subscribe(&first, "$share/g/t", QoS::AtLeastOnce);
    test_broker.publish(&publisher, "t", QoS::AtLeastOnce, &[b"1", b"2"]);
    assert_eq!(take_payloads(&first).len(), 2);
    let second = test_broker.attach("b", |_| {});
    test_broker.subscribe(&second, "$share/g/t", QoS::AtLeastOnce);
    test_broker.detach(&first);
    assert_eq!(take_payloads(&second), [b"1", b"2"]);
}

#[test]
fn connected_members_of_a_shared_subscription_are_preferred() {
    let mut test_broker = TestBroker::new(Config::default());
    let publisher = test_broker.attach("p", |_| {});
    let offline = test_broker.attach("a", |connect| connect.session_expiry = Some(60));
    let online = test_broker.attach("b", |_| {});
    for member in [&offline, &online] {
        test_broker.subscribe(member, "$share/g/t", QoS::AtLeastOnce);
    }
    test_broker.detach(&offline);
    test_broker.publish(&publisher, "t", QoS::AtLeastOnce, &[b"1", b"2", b"3"]);
    assert_eq!(take_payloads(&online).len(), 3);
}
