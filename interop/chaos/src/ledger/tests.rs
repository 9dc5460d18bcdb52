use std::collections::HashMap;
use std::time::{Duration, Instant};

use tidegate_mqtt::{Publish, QoS};

use super::{Ledger, MessageId};

const TOPIC: &str = "chaos/0/a";

fn id(sequence: u64) -> MessageId {
    MessageId { sender: 0, sequence }
}

fn copy(sequence: u64, qos: QoS) -> Publish {
    Publish { qos, ..Publish::new(TOPIC, id(sequence).to_string()) }
}

/// Returns a ledger with one subscriber, and two messages that were sent after it subscribed.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    let _ = ledger.add_subscriber("reader");
    ledger.subscribe(0, "chaos/#");
    ledger.send(id(1), TOPIC, false, false);
    ledger.send(id(2), TOPIC, false, false);
    ledger
}

#[test]
fn an_acknowledged_message_is_missing_until_it_arrives() {
    let mut ledger = ledger();
    ledger.acknowledge(id(1));
    ledger.mark_optional(id(2));
    assert_eq!(ledger.missing(), ["reader misses `0 1`, which was acknowledged"]);
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    assert!(ledger.missing().is_empty() && ledger.violations().is_empty());
}

#[test]
fn a_message_without_an_answer_is_missing() {
    let mut ledger = ledger();
    ledger.refuse(id(1));
    assert_eq!(ledger.missing(), ["`0 2` to chaos/0/a has no answer"]);
}

#[test]
fn a_message_outside_a_subscription_is_not_missing() {
    let mut ledger = ledger();
    ledger.unsubscribe(0, "chaos/#");
    ledger.acknowledge(id(1));
    ledger.acknowledge(id(2));
    let _ = ledger.add_subscriber("late");
    ledger.subscribe(1, "chaos/#");
    assert!(ledger.missing().is_empty());
}

#[test]
fn a_second_copy_is_a_violation_only_at_qos_2() {
    let mut ledger = ledger();
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    ledger.deliver(0, &copy(2, QoS::ExactlyOnce));
    assert!(ledger.violations().is_empty());
    ledger.deliver(0, &copy(2, QoS::ExactlyOnce));
    assert_eq!(ledger.violations(), ["reader received QoS 2 message `0 2` twice"]);
}

#[test]
fn first_copies_in_the_wrong_order_are_a_violation() {
    let mut ledger = ledger();
    ledger.deliver(0, &copy(2, QoS::AtLeastOnce));
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    assert_eq!(ledger.violations(), ["reader received `0 1` for the first time after `2` on chaos/0/a"]);
}

#[test]
fn a_message_that_nobody_sent_is_a_violation() {
    for payload in ["0 3", "1 1", "noise"] {
        let mut ledger = ledger();
        ledger.deliver(0, &Publish::new(TOPIC, payload));
        assert_eq!(ledger.violations().len(), 1, "{payload}");
    }
    let mut ledger = ledger();
    ledger.deliver(0, &Publish::new("chaos/0/b", "0 1"));
    assert_eq!(ledger.violations().len(), 1, "another topic");
}

#[test]
fn a_refused_message_that_arrives_is_a_violation_unless_it_was_sent_again() {
    let mut ledger = ledger();
    ledger.record_retransmission(id(2));
    ledger.refuse(id(1));
    ledger.refuse(id(2));
    ledger.deliver(0, &copy(2, QoS::AtLeastOnce));
    assert!(ledger.violations().is_empty());
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    assert_eq!(ledger.violations(), ["reader received `0 1`, which was refused"]);
}

#[test]
fn a_refusal_after_the_delivery_is_a_violation() {
    let mut ledger = ledger();
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    ledger.refuse(id(1));
    assert_eq!(ledger.violations().len(), 1);
}

#[test]
fn the_retained_message_is_the_newest_acknowledged_one_or_a_newer_one() {
    for (held, is_right) in
        [(Some(1), false), (Some(2), true), (Some(3), true), (Some(4), false), (None, false)]
    {
        let mut ledger = Ledger::default();
        for sequence in 1..=3 {
            ledger.send(id(sequence), TOPIC, true, false);
        }
        ledger.acknowledge(id(2));
        let newest_acknowledged = ledger.newest_acknowledged();
        let held = held.map(|sequence| (TOPIC.to_owned(), sequence));
        ledger.observe(&held.into_iter().collect(), &newest_acknowledged);
        assert_eq!(ledger.violations().is_empty(), is_right, "{:?}", ledger.violations());
    }
}

#[test]
fn a_topic_may_have_no_retained_message_once_its_deletion_is_sent() {
    let mut ledger = Ledger::default();
    ledger.send(id(1), TOPIC, true, false);
    ledger.send(id(2), TOPIC, true, true);
    ledger.acknowledge(id(1));
    let newest_acknowledged = ledger.newest_acknowledged();
    ledger.observe(&HashMap::new(), &newest_acknowledged);
    assert!(ledger.violations().is_empty());
}

#[test]
fn a_group_must_receive_a_message_once_in_any_order() {
    let mut ledger = Ledger::default();
    let _ = ledger.add_group("group");
    ledger.subscribe(0, "chaos/#");
    for sequence in 1..=2 {
        ledger.send(id(sequence), TOPIC, false, false);
        ledger.acknowledge(id(sequence));
    }
    ledger.deliver(0, &copy(2, QoS::ExactlyOnce));
    assert_eq!(ledger.missing(), ["group misses `0 1`, which was acknowledged"]);
    ledger.deliver(0, &copy(1, QoS::ExactlyOnce));
    assert!(ledger.missing().is_empty() && ledger.violations().is_empty());
    ledger.deliver(0, &copy(1, QoS::ExactlyOnce));
    assert_eq!(ledger.violations(), ["group received QoS 2 message `0 1` twice"]);
}

#[test]
fn only_the_first_copy_of_an_expired_message_is_a_violation() {
    let brief = |dup| Publish { dup, ..Publish::new("brief/0", id(1).to_string()) };
    let (now, second) = (Instant::now(), Duration::from_secs(1));
    for (lengthened, dup, faults) in [(0, false, 1), (0, true, 0), (10, false, 0)] {
        let mut ledger = Ledger::default();
        ledger.send(id(1), "brief/0", false, false);
        ledger.deliver_brief(&brief(dup), now + 100 * second);
        ledger.acknowledge(id(1));
        ledger.lengthen_lifetimes(lengthened * second);
        ledger.deliver_brief(&brief(dup), now + second);
        assert!(ledger.violations().is_empty(), "it has not expired");
        ledger.deliver_brief(&brief(dup), now + 5 * second);
        assert_eq!(ledger.violations().len(), faults, "lengthened by {lengthened} s, DUP {dup}");
    }
}

#[test]
fn forget_settled_removes_settled_messages_and_keeps_open_ones() {
    let mut ledger = ledger();
    ledger.acknowledge(id(1));
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    ledger.forget_settled();
    assert_eq!(ledger.messages.len(), 1);
    ledger.deliver(0, &copy(1, QoS::AtLeastOnce));
    ledger.acknowledge(id(2));
    assert_eq!(ledger.missing().len(), 1);
    assert!(ledger.violations().is_empty());
}
