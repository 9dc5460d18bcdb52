//! Messages for a client that is away, or does not keep up: bounded, with a policy. [MQTT5-4.5.0-1] [MQTT3-3.1.2-5]

use tidegate_mqtt::QoS;
use tidegate_session::{Cause, Config, Drop, Overflow, Verdict};

use crate::pair::{Pair, lasting, message};

fn away(config: Config) -> Pair {
    let mut pair = Pair::with(config, lasting());
    pair.detach(Cause::Closed);
    pair
}

fn bounded(overflow: Overflow) -> Config {
    Config { queue_len_max: 3, overflow, ..Config::default() }
}

fn fill(pair: &mut Pair) -> Vec<Verdict> {
    ["a", "b", "c", "d", "e"].map(|topic| pair.push(topic, QoS::AtLeastOnce)).to_vec()
}

#[test]
fn qos_0_is_not_kept() {
    let mut pair = away(Config::default());
    assert_eq!(pair.push("a", QoS::AtMostOnce), Verdict::Dropped(Drop::Offline));
    assert_eq!(pair.session.push_encoded(&[0x30, 0, 0x30, 0], 2, 2), Verdict::Dropped(Drop::Offline));
    assert_eq!(pair.session.take_drops().offline, 3);
    assert_eq!(pair.session.take_drops().total(), 0, "each drop is told once");
}

#[test]
fn the_rest_is_kept_in_order_with_its_flags() {
    let mut pair = away(Config::default());
    assert_eq!(fill(&mut pair), [Verdict::Queued; 5]);
    pair.connect(lasting());
    let lines: Vec<_> = pair.summary().into_iter().map(|(topic, _, dup)| (topic, dup)).collect();
    assert_eq!(lines, ["a", "b", "c", "d", "e"].map(|topic| (topic.to_owned(), false)));
}

#[test]
fn the_oldest_give_way() {
    let mut pair = away(bounded(Overflow::DropOldest));
    assert_eq!(fill(&mut pair), [Verdict::Queued; 5]);
    assert_eq!(pair.session.take_drops().queue_full, 2);
    pair.connect(lasting());
    assert_eq!(pair.topics(), ["c", "d", "e"]);
}

#[test]
fn or_the_newest() {
    for (overflow, drop) in [(Overflow::DropNewest, Drop::QueueFull), (Overflow::Reject, Drop::Rejected)] {
        let mut pair = away(bounded(overflow));
        assert_eq!(fill(&mut pair)[2..], [Verdict::Queued, Verdict::Dropped(drop), Verdict::Dropped(drop)]);
        assert_eq!(pair.session.take_drops().queue_full, 2);
        pair.connect(lasting());
        assert_eq!(pair.topics(), ["a", "b", "c"]);
    }
}

#[test]
fn bytes_are_bounded_too() {
    let size = message("a", &[0; 1000], None).size();
    let config = Config { queue_bytes_max: 2 * size, ..Config::default() };
    let mut pair = away(config);
    for topic in ["a", "b", "c"] {
        let held = message(topic, &[0; 1000], None);
        assert_eq!(pair.push_message(&held, QoS::AtLeastOnce), Verdict::Queued);
    }
    assert_eq!(pair.session.queued(), 2);
    assert_eq!(pair.session.queued_bytes(), 2 * size);
    let larger_than_all = message("d", &vec![0; 3 * size], None);
    assert_eq!(pair.push_message(&larger_than_all, QoS::AtLeastOnce), Verdict::Dropped(Drop::QueueFull));
    assert_eq!(pair.session.queued(), 2, "nothing gives way in vain");
    pair.connect(lasting());
    assert_eq!(pair.topics(), ["b", "c"]);
    assert_eq!(pair.session.queued_bytes(), 0);
}

#[test]
fn retain_is_kept_per_copy() {
    let mut pair = away(Config::default());
    let held = message("a", b"", None);
    for retain in [true, false] {
        let delivery = tidegate_session::Delivery {
            message: &held,
            qos: QoS::AtLeastOnce,
            retain,
            identifiers: &[],
            share: None,
        };
        let _ = pair.session.push(&delivery, pair.now);
    }
    pair.connect(lasting());
    let retained: Vec<_> = pair.published().iter().map(|publish| publish.retain).collect();
    assert_eq!(retained, [true, false], "[MQTT5-3.3.1-13]");
}

#[test]
fn an_ended_session_keeps_nothing() {
    let mut pair = Pair::new(lasting());
    let cause = Cause::Disconnect { reason: tidegate_mqtt::ReasonCode::Success, session_expiry: Some(0) };
    assert!(pair.detach(cause).ended);
    assert_eq!(pair.push("a", QoS::AtLeastOnce), Verdict::Dropped(Drop::Ended));
    assert_eq!(pair.session.queued(), 0);
}

#[test]
fn a_message_as_large_as_the_queue_takes_all_of_it() {
    let large = message("large", &[0; 1000], None);
    let mut pair = away(Config { queue_bytes_max: large.size(), ..Config::default() });
    assert_eq!(pair.push("small", QoS::AtLeastOnce), Verdict::Queued);
    assert_eq!(pair.push_message(&large, QoS::AtLeastOnce), Verdict::Queued);
    pair.connect(lasting());
    assert_eq!(pair.topics(), ["large"]);
}
