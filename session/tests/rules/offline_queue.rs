//! Messages for a client that is disconnected or reads too slowly wait in a queue that is bounded and has an overflow
//! policy. [MQTT5-4.5.0-1] [MQTT3-3.1.2-5]

use tidegate_mqtt::QoS;
use tidegate_session::{Cause, Config, DropReason, Overflow, Verdict};

use crate::pair::{SessionUnderTest, message, persistent_connect};

fn disconnected_pair(config: Config) -> SessionUnderTest {
    let mut pair = SessionUnderTest::with(config, persistent_connect());
    pair.detach(Cause::Closed);
    pair
}

fn config_with_short_queue(overflow: Overflow) -> Config {
    Config { queue_len_max: 3, overflow, ..Config::default() }
}

fn push_five_messages(pair: &mut SessionUnderTest) -> Vec<Verdict> {
    ["a", "b", "c", "d", "e"].map(|topic| pair.push(topic, QoS::AtLeastOnce)).to_vec()
}

#[test]
fn qos_0_messages_are_not_queued() {
    let mut pair = disconnected_pair(Config::default());
    assert_eq!(pair.push("a", QoS::AtMostOnce), Verdict::Dropped(DropReason::Offline));
    assert_eq!(pair.session.push_encoded(&[0x30, 0, 0x30, 0], 2, 2), Verdict::Dropped(DropReason::Offline));
    assert_eq!(pair.session.take_drops().offline, 3);
    assert_eq!(pair.session.take_drops().total(), 0, "each drop is reported once");
}

#[test]
fn qos_1_messages_are_queued_in_order_and_sent_without_dup() {
    let mut pair = disconnected_pair(Config::default());
    assert_eq!(push_five_messages(&mut pair), [Verdict::Queued; 5]);
    pair.connect(persistent_connect());
    let lines: Vec<_> = pair.summary().into_iter().map(|(topic, _, dup)| (topic, dup)).collect();
    assert_eq!(lines, ["a", "b", "c", "d", "e"].map(|topic| (topic.to_owned(), false)));
}

#[test]
fn overflow_drop_oldest_drops_the_oldest_messages() {
    let mut pair = disconnected_pair(config_with_short_queue(Overflow::DropOldest));
    assert_eq!(push_five_messages(&mut pair), [Verdict::Queued; 5]);
    assert_eq!(pair.session.take_drops().queue_full, 2);
    pair.connect(persistent_connect());
    assert_eq!(pair.topics(), ["c", "d", "e"]);
}

#[test]
fn overflow_drop_newest_and_reject_drop_the_new_messages() {
    for (overflow, drop) in
        [(Overflow::DropNewest, DropReason::QueueFull), (Overflow::Reject, DropReason::Rejected)]
    {
        let mut pair = disconnected_pair(config_with_short_queue(overflow));
        assert_eq!(
            push_five_messages(&mut pair)[2..],
            [Verdict::Queued, Verdict::Dropped(drop), Verdict::Dropped(drop)]
        );
        assert_eq!(pair.session.take_drops().queue_full, 2);
        pair.connect(persistent_connect());
        assert_eq!(pair.topics(), ["a", "b", "c"]);
    }
}

#[test]
fn the_queue_is_also_limited_in_bytes() {
    let size = message("a", &[0; 1000], None).size();
    let config = Config { queue_bytes_max: 2 * size, ..Config::default() };
    let mut pair = disconnected_pair(config);
    for topic in ["a", "b", "c"] {
        let queued = message(topic, &[0; 1000], None);
        assert_eq!(pair.push_message(&queued, QoS::AtLeastOnce), Verdict::Queued);
    }
    assert_eq!(pair.session.queued(), 2);
    assert_eq!(pair.session.queued_bytes(), 2 * size);
    let larger_than_all = message("d", &vec![0; 3 * size], None);
    assert_eq!(
        pair.push_message(&larger_than_all, QoS::AtLeastOnce),
        Verdict::Dropped(DropReason::QueueFull)
    );
    assert_eq!(pair.session.queued(), 2, "no message is dropped in vain");
    pair.connect(persistent_connect());
    assert_eq!(pair.topics(), ["b", "c"]);
    assert_eq!(pair.session.queued_bytes(), 0);
}

#[test]
fn each_delivery_keeps_its_own_retain_flag() {
    let mut pair = disconnected_pair(Config::default());
    let queued = message("a", b"", None);
    for retain in [true, false] {
        let delivery = tidegate_session::Delivery {
            message: &queued,
            qos: QoS::AtLeastOnce,
            retain,
            subscription_identifiers: &[],
            shared_filter: None,
        };
        let _ = pair.session.push(&delivery, pair.now);
    }
    pair.connect(persistent_connect());
    let retained: Vec<_> = pair.published().iter().map(|publish| publish.retain).collect();
    assert_eq!(retained, [true, false], "[MQTT5-3.3.1-13]");
}

#[test]
fn an_ended_session_queues_nothing() {
    let mut pair = SessionUnderTest::new(persistent_connect());
    let cause = Cause::Disconnect { reason: tidegate_mqtt::ReasonCode::Success, session_expiry: Some(0) };
    assert!(pair.detach(cause).session_ended);
    assert_eq!(pair.push("a", QoS::AtLeastOnce), Verdict::Dropped(DropReason::Ended));
    assert_eq!(pair.session.queued(), 0);
}

#[test]
fn a_message_as_large_as_the_queue_replaces_all_queued_messages() {
    let large = message("large", &[0; 1000], None);
    let mut pair = disconnected_pair(Config { queue_bytes_max: large.size(), ..Config::default() });
    assert_eq!(pair.push("small", QoS::AtLeastOnce), Verdict::Queued);
    assert_eq!(pair.push_message(&large, QoS::AtLeastOnce), Verdict::Queued);
    pair.connect(persistent_connect());
    assert_eq!(pair.topics(), ["large"]);
}
