//! With a store, a QoS 2 message goes out once its identifier is kept, and PUBREL once it is kept that PUBREC came.
//! [MQTT5-4.3.3-10] [MQTT5-4.3.3-12]

use tidegate_mqtt::{Ack, AckKind, Connect, Packet, QoS, ReasonCode};
use tidegate_session::{Cause, Change, Config, Queued, Verdict};

use crate::pair::{Pair, id, lasting, message};

fn kept(connect: Connect) -> Pair {
    Pair::with(Config { change_log: true, ..Config::default() }, connect)
}

fn push(pair: &mut Pair, number: u64, qos: QoS) -> Verdict {
    let message = message(&number.to_string(), b"", None);
    message.assign_id(|| number);
    pair.push_message(&message, qos)
}

fn line(topic: &str, packet_id: u16, dup: bool) -> (String, u16, bool) {
    (topic.to_owned(), packet_id, dup)
}

#[test]
fn what_is_committed_goes_out_in_its_order() {
    let mut pair = kept(lasting());
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
    // The third was appended to a commit that came before, and yet does not overtake.
    assert_eq!(pair.summary(), [line("1", 1, false), line("2", 2, false), line("3", 3, false)]);
    assert_eq!(pair.session.first_commit(), Some(9));
    pair.session.release_committed(9, pair.now);
    assert_eq!(pair.summary(), [line("4", 4, false)]);
    assert_eq!(pair.session.first_commit(), None);
}

#[test]
fn it_is_noted_as_sent_before_it_is() {
    let mut pair = kept(lasting());
    let _ = pair.changes();
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    let changes = pair.changes();
    assert!(matches!(changes.as_slice(), [Change::Queued(Queued { message_id: 1, .. }, Some(_))]));
    assert_eq!(pair.session.inflight(), 1);
    assert!(pair.wire().is_empty());
}

#[test]
fn qos_1_waits_only_behind_qos_2() {
    let mut pair = kept(lasting());
    let _ = push(&mut pair, 1, QoS::AtLeastOnce);
    assert_eq!(pair.summary(), [line("1", 1, false)]);
    let _ = push(&mut pair, 2, QoS::ExactlyOnce);
    let _ = push(&mut pair, 3, QoS::AtLeastOnce);
    let _ = push(&mut pair, 4, QoS::AtMostOnce);
    assert_eq!(pair.summary(), [line("4", 0, false)]);
    pair.release_committed();
    assert_eq!(pair.summary(), [line("2", 2, false), line("3", 3, false)]);
}

#[test]
fn what_waits_takes_of_the_quota_and_the_queue_waits_with_it() {
    let mut pair = kept(Connect { receive_maximum: Some(1), ..lasting() });
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    assert_eq!(push(&mut pair, 2, QoS::ExactlyOnce), Verdict::Queued);
    pair.release_committed();
    assert_eq!(pair.summary(), [line("1", 1, false)]);
    pair.acknowledge(AckKind::PubRec, 1);
    pair.acknowledge(AckKind::PubComp, 1);
    assert!(pair.session.has_unset_commit(), "the second, from the queue");
    pair.release_committed();
    assert_eq!(pair.summary(), [line("2", 2, false)]);
}

#[test]
fn it_is_forgotten_with_the_connection_and_resent() {
    let mut pair = kept(lasting());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    pair.session.set_commit(7);
    pair.detach(Cause::Closed);
    assert_eq!(pair.session.first_commit(), None);
    pair.connect(lasting());
    assert_eq!(pair.summary(), [line("1", 1, true)]);
    pair.session.release_committed(7, pair.now);
    assert!(pair.summary().is_empty(), "once");
}

#[test]
fn pubrel_waits_for_the_commit_of_pubrec() {
    let mut pair = kept(lasting());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    pair.release_committed();
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
fn what_is_answered_meanwhile_does_not_go_out() {
    let mut pair = kept(lasting());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    pair.answer(AckKind::PubRec, 1, ReasonCode::UnspecifiedError);
    pair.release_committed();
    assert!(pair.wire().is_empty());
    assert_eq!(pair.session.inflight(), 0);
}

#[test]
fn without_a_store_nothing_waits() {
    let mut pair = Pair::new(lasting());
    let _ = push(&mut pair, 1, QoS::ExactlyOnce);
    assert!(!pair.session.has_unset_commit());
    assert_eq!(pair.summary(), [line("1", 1, false)]);
}
