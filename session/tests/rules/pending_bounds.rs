//! A client that does not read: QoS 1 and 2 wait in the queue, QoS 0 is dropped and counted, control packets go on.

use tidegate_mqtt::{Packet, QoS};
use tidegate_session::{Config, Drop, Verdict};

use crate::pair::{Pair, lasting, message};

fn pair() -> Pair {
    let config = Config { pending_bytes_high: 1000, pending_bytes_max: 2000, ..Config::default() };
    Pair::with(config, lasting())
}

#[test]
fn qos_1_waits_above_the_high_mark_and_goes_on_below() {
    let mut pair = pair();
    let large = message("a", &[0; 1100], None);
    assert_eq!(pair.push_message(&large, QoS::AtLeastOnce), Verdict::Sent);
    assert_eq!(pair.push("b", QoS::AtLeastOnce), Verdict::Queued);
    assert_eq!(pair.push("c", QoS::ExactlyOnce), Verdict::Queued);
    pair.session.pump(pair.now);
    assert_eq!(pair.session.queued(), 2);
    assert_eq!(pair.topics(), ["a"]);
    pair.session.pump(pair.now);
    assert_eq!(pair.topics(), ["b", "c"]);
}

#[test]
fn qos_0_is_dropped_above_the_maximum() {
    let mut pair = pair();
    let large = message("a", &[0; 900], None);
    for _ in 0..2 {
        assert_eq!(pair.push_message(&large, QoS::AtMostOnce), Verdict::Sent);
    }
    assert_eq!(pair.push_message(&large, QoS::AtMostOnce), Verdict::Dropped(Drop::Slow));
    assert_eq!(pair.session.push_encoded(&[0; 900], 5, 180), Verdict::Dropped(Drop::Slow));
    assert_eq!(pair.session.take_drops().slow, 6);
    assert!(pair.session.send(&Packet::PingResp));
    assert!(pair.session.pending().len() <= 2000);
}

#[test]
fn large_payloads_are_shared_not_copied() {
    let mut pair = Pair::new(lasting());
    let large = message("a", &vec![7; 100_000], None);
    let before = pair.session.memory();
    for _ in 0..5 {
        let _ = pair.push_message(&large, QoS::AtMostOnce);
    }
    assert!(pair.session.pending().len() > 500_000);
    assert!(pair.session.memory() - before < 2000);
    let published = pair.published();
    assert_eq!(published.len(), 5);
    assert!(published.iter().all(|publish| publish.payload.len() == 100_000));
}
