//! When a session ends, messages that were received through a shared subscription can go to another member of the
//! group, except QoS 2 messages that were already sent. [MQTT5-4.8.2-4] [MQTT5-4.8.2-5] [MQTT5-4.8.2-6]

use tidegate_mqtt::{AckKind, Connect, QoS, ReasonCode};
use tidegate_session::{Cause, Unacknowledged};

use crate::pair::{SessionUnderTest, persistent_connect};

fn topics(unacknowledged: &[Unacknowledged]) -> Vec<&str> {
    unacknowledged.iter().map(|unacknowledged| unacknowledged.message.topic()).collect()
}

fn pair_with_messages() -> SessionUnderTest {
    let mut connect = persistent_connect();
    connect.session_expiry = Some(60);
    connect.receive_maximum = Some(3);
    let mut pair = SessionUnderTest::new(connect);
    let _ = pair.push_shared("sent one", QoS::AtLeastOnce, "$share/g/#");
    let _ = pair.push_shared("sent two", QoS::ExactlyOnce, "$share/g/#");
    let _ = pair.push("own", QoS::AtLeastOnce);
    let _ = pair.push_shared("queued one", QoS::AtLeastOnce, "$share/g/#");
    let _ = pair.push_shared("queued two", QoS::ExactlyOnce, "$share/h/+");
    let _ = pair.push("queued own", QoS::ExactlyOnce);
    pair
}

const REASSIGNABLE_TOPICS: [&str; 3] = ["sent one", "queued one", "queued two"];

#[test]
fn messages_can_be_reassigned_when_the_session_expires() {
    let mut pair = pair_with_messages();
    assert!(pair.detach(Cause::Closed).unacknowledged.is_empty(), "the client may return");
    pair.advance(60);
    let due = pair.session.handle_timeout(pair.now);
    assert_eq!(topics(&due.unacknowledged), REASSIGNABLE_TOPICS);
    assert_eq!(due.unacknowledged[2].shared_filter.as_ref(), "$share/h/+");
    assert_eq!(pair.session.take_drops().ended, 3);
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(pair.session.queued(), 0);
}

#[test]
fn messages_can_be_reassigned_when_disconnect_ends_the_session() {
    let mut pair = pair_with_messages();
    let cause = Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(0) };
    assert_eq!(topics(&pair.detach(cause).unacknowledged), REASSIGNABLE_TOPICS);
}

#[test]
fn messages_can_be_reassigned_on_clean_start() {
    let mut pair = pair_with_messages();
    let attached = pair.connect(Connect { clean_start: true, ..persistent_connect() });
    assert_eq!(topics(&attached.unacknowledged), REASSIGNABLE_TOPICS);
}

#[test]
fn acknowledged_or_refused_messages_are_not_reassigned() {
    let mut pair = pair_with_messages();
    pair.answer(AckKind::PubAck, 1, ReasonCode::UnspecifiedError);
    pair.detach(Cause::Closed);
    pair.advance(60);
    let due = pair.session.handle_timeout(pair.now);
    assert!(!topics(&due.unacknowledged).contains(&"sent one"), "[MQTT5-4.8.2-6]");
}
