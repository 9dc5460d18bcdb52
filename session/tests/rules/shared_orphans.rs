//! When a session ends, what came by a shared subscription goes to another member, but QoS 2 once sent to nobody.
//! [MQTT5-4.8.2-4] [MQTT5-4.8.2-5] [MQTT5-4.8.2-6]

use tidegate_mqtt::{AckKind, Connect, QoS, ReasonCode};
use tidegate_session::{Cause, Unacknowledged};

use crate::pair::{Pair, lasting};

fn topics(unacknowledged: &[Unacknowledged]) -> Vec<&str> {
    unacknowledged.iter().map(|unacknowledged| unacknowledged.message.topic()).collect()
}

fn filled() -> Pair {
    let mut connect = lasting();
    connect.session_expiry = Some(60);
    connect.receive_maximum = Some(3);
    let mut pair = Pair::new(connect);
    let _ = pair.push_share("sent one", QoS::AtLeastOnce, "$share/g/#");
    let _ = pair.push_share("sent two", QoS::ExactlyOnce, "$share/g/#");
    let _ = pair.push("own", QoS::AtLeastOnce);
    let _ = pair.push_share("queued one", QoS::AtLeastOnce, "$share/g/#");
    let _ = pair.push_share("queued two", QoS::ExactlyOnce, "$share/h/+");
    let _ = pair.push("queued own", QoS::ExactlyOnce);
    pair
}

const MOVED: [&str; 3] = ["sent one", "queued one", "queued two"];

#[test]
fn on_expiry() {
    let mut pair = filled();
    assert!(pair.detach(Cause::Closed).unacknowledged.is_empty(), "it may come back");
    pair.advance(60);
    let due = pair.session.handle_timeout(pair.now);
    assert_eq!(topics(&due.unacknowledged), MOVED);
    assert_eq!(due.unacknowledged[2].share.as_ref(), "$share/h/+");
    assert_eq!(pair.session.take_drops().ended, 3);
    assert_eq!(pair.session.inflight(), 0);
    assert_eq!(pair.session.queued(), 0);
}

#[test]
fn on_a_disconnect_that_ends_the_session() {
    let mut pair = filled();
    let cause = Cause::Disconnect { reason: ReasonCode::Success, session_expiry: Some(0) };
    assert_eq!(topics(&pair.detach(cause).unacknowledged), MOVED);
}

#[test]
fn on_clean_start() {
    let mut pair = filled();
    let attached = pair.connect(Connect { clean_start: true, ..lasting() });
    assert_eq!(topics(&attached.unacknowledged), MOVED);
}

#[test]
fn what_was_acknowledged_or_refused_does_not_move() {
    let mut pair = filled();
    pair.answer(AckKind::PubAck, 1, ReasonCode::UnspecifiedError);
    pair.detach(Cause::Closed);
    pair.advance(60);
    let due = pair.session.handle_timeout(pair.now);
    assert!(!topics(&due.unacknowledged).contains(&"sent one"), "[MQTT5-4.8.2-6]");
}
