//! With a store, a QoS 2 message is sent only after its packet identifier is committed, and PUBREL only after the
//! PUBREC is committed. [MQTT5-4.3.3-10] [MQTT5-4.3.3-12]

use tidegate_mqtt::{Ack, AckKind, Connect, Packet, QoS, ReasonCode};
use tidegate_session::{Cause, Change, Config, Queued, Verdict};

use crate::pair::{SessionUnderTest, id, message, persistent_connect};

fn pair_with_change_log(connect: Connect) -> SessionUnderTest {
    SessionUnderTest::with(Config { change_log: true, ..Config::default() }, connect)
}

fn push(pair: &mut SessionUnderTest, number: u64, qos: QoS) -> Verdict {
    let message = message(&number.to_string(), b"", None);
    message.assign_id(|| number);
    pair.push_message(&message, qos)
}

fn sent(topic: &str, packet_id: u16, dup: bool) -> (String, u16, bool) {
    (topic.to_owned(), packet_id, dup)
}

#[test]
fn packets_are_sent_in_order_when_their_commit_is_reached() {
    let mut pair = pair_with_change_log(persistent_connect());
    assert_eq!(push(&mut pair, 1, QoS::ExactlyOnce), Verdict::Sent);
    let _ = push(&mut pair, 2, QoS::ExactlyOnce);
    assert!(pair.session.has_unset_commit());
    assert_eq!(pair.session.first_commit(), None);
    pair.session.set_commit(7);
    let _ = push(&mut pair, 3, QoS::ExactlyOnce);
    pair.session.set_commit(5);
    let _ = push(&mut pair, 4, QoS::ExactlyOnce);
    pair.session.set_commit(9);
    assert!(!pair.session.has_unset_commit());
    assert_eq!(pair.session.first_commit(), Some(7));
    pair.session.release_committed(6, pair.now);
    assert!(pair.summary().is_empty());
    pair.session.release_committed(7, pair.now);
    // The third message got an earlier commit than the second, but must not overtake it.
    assert_eq!(pair.summary(), [sent("1", 1, false), sent("2", 2, false), sent("3", 3, false)]);
    assert_eq!(pair.session.first_commit(), Some(9));
    pair.session.release_committed(9, pair.now);
    assert_eq!(pair.summary(), [sent("4", 4, false)]);
    assert_eq!(pair.session.first_commit(), None);
}

#[test]
fn a_qos_2_message_is_recorded_as_sent_before_it_is_written() {
    let mut pair = pair_with_change_log(persistent_connect());
    let _ = pair.changes();
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    let changes = pair.changes();
    assert!(matches!(changes.as_slice(), [Change::Queued(Queued { message_id: 1, .. }, Some(_))]));
    assert_eq!(pair.session.inflight(), 1);
    assert!(pair.wire().is_empty());
}

#[test]
fn qos_1_messages_wait_only_behind_qos_2_messages() {
    let mut pair = pair_with_change_log(persistent_connect());
    let _ = push(&mut pair, 1, QoS::AtLeastOnce);
    assert_eq!(pair.summary(), [sent("1", 1, false)]);
    let _ = push(&mut pair, 2, QoS::ExactlyOnce);
    let _ = push(&mut pair, 3, QoS::AtLeastOnce);
    let _ = push(&mut pair, 4, QoS::AtMostOnce);
    assert_eq!(pair.summary(), [sent("4", 0, false)]);
    pair.commit_all();
    assert_eq!(pair.summary(), [sent("2", 2, false), sent("3", 3, false)]);
}

#[test]
fn a_packet_awaiting_commit_uses_quota_and_holds_back_the_queue() {
    let mut pair = pair_with_change_log(Connect { receive_maximum: Some(1), ..persistent_connect() });
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    assert_eq!(push(&mut pair, 2, QoS::ExactlyOnce), Verdict::Queued);
    pair.commit_all();
    assert_eq!(pair.summary(), [sent("1", 1, false)]);
    pair.acknowledge(AckKind::PubRec, 1);
    pair.acknowledge(AckKind::PubComp, 1);
    assert!(pair.session.has_unset_commit(), "the second, from the queue");
    pair.commit_all();
    assert_eq!(pair.summary(), [sent("2", 2, false)]);
}

#[test]
fn packets_awaiting_commit_are_discarded_with_the_connection_and_resent() {
    let mut pair = pair_with_change_log(persistent_connect());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    pair.session.set_commit(7);
    pair.detach(Cause::Closed);
    assert_eq!(pair.session.first_commit(), None);
    pair.connect(persistent_connect());
    assert_eq!(pair.summary(), [sent("1", 1, true)]);
    pair.session.release_committed(7, pair.now);
    assert!(pair.summary().is_empty(), "once");
}

#[test]
fn pubrel_waits_for_the_commit_of_pubrec() {
    let mut pair = pair_with_change_log(persistent_connect());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    pair.commit_all();
    let _ = pair.wire();
    pair.acknowledge(AckKind::PubRec, 1);
    pair.session.set_commit(8);
    pair.session.release_committed(7, pair.now);
    assert!(pair.received().is_empty());
    pair.session.release_committed(8, pair.now);
    let release = Packet::Ack(Ack::new(AckKind::PubRel, id(1), ReasonCode::Success));
    assert_eq!(pair.received(), [release]);
}

#[test]
fn a_message_refused_while_awaiting_commit_is_not_sent() {
    let mut pair = pair_with_change_log(persistent_connect());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    pair.answer(AckKind::PubRec, 1, ReasonCode::UnspecifiedError);
    pair.commit_all();
    assert!(pair.wire().is_empty());
    assert_eq!(pair.session.inflight(), 0);
}

#[test]
fn without_a_change_log_nothing_awaits_a_commit() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    assert!(!pair.session.has_unset_commit());
    assert_eq!(pair.summary(), [sent("1", 1, false)]);
}
