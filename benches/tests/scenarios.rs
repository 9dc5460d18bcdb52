//! The scenarios apart from streams, against the relay: which has no retained messages, so that those must count as lost.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::time::Duration;

use tidegate_benches::connection::Target;
use tidegate_benches::idle::{self, tcp::Tcp};
use tidegate_benches::relay::{Lies, Security};
use tidegate_benches::traffic::Plan;
use tidegate_benches::wire::Version;
use tidegate_benches::{retained, subscriptions};

#[path = "liar/relay.rs"]
mod relay;

use relay::Liar;

fn subscriptions_against(lies: Lies) -> subscriptions::Report {
    let relay = Liar::start(lies, Security::None);
    let scenario = subscriptions::Scenario {
        subscriptions: 300,
        clients: 5,
        per_second: 4000,
        tick: Duration::from_millis(1),
    };
    let plan = Plan {
        warmup: Duration::ZERO,
        measured: Duration::from_secs(20),
        messages: Some(400),
        patience: Duration::from_millis(400),
        broker: None,
    };
    subscriptions::run(&Target::tcp(relay.address, Version::V5), &scenario, &plan).unwrap()
}

#[test]
fn each_message_reaches_its_literal_and_its_wildcard_subscription() {
    let report = subscriptions_against(Lies::default());
    assert_eq!(report.traffic.faults.total(), 0, "{report:?}");
    assert_eq!(report.traffic.sent, 400);
    assert_eq!(report.traffic.delivered, 800);
    assert_eq!(report.subscriptions, 300);
}

#[test]
fn a_dropped_message_is_lost_to_both() {
    let report = subscriptions_against(Lies { drop: NonZeroU64::new(100), ..Lies::default() });
    assert_eq!(report.traffic.faults.lost, 2 * 4);
    assert_eq!(report.traffic.faults.total(), 2 * 4);
}

#[test]
fn a_duplicated_message_is_a_fault_at_both() {
    let report = subscriptions_against(Lies { dup: NonZeroU64::new(100), ..Lies::default() });
    assert_eq!(report.traffic.faults.duplicated, 2 * 4);
}

#[test]
fn retained_messages_that_are_not_replayed_are_lost() {
    let relay = Liar::start(Lies::default(), Security::None);
    let scenario = retained::Scenario {
        topics: 50,
        rounds: 2,
        qos: 0,
        payload_len: 64,
        patience: Duration::from_millis(100),
        broker: None,
    };
    let target = Target::tcp(relay.address, Version::V5);
    let report = retained::run(&target, &scenario).unwrap();
    assert_eq!(report.write.messages, 100);
    assert_eq!(report.replay.messages, 0);
    assert_eq!(report.faults.lost, 100);
}

#[test]
fn idle_connections_stay_open_until_they_are_closed() {
    let relay = Liar::start(Lies::default(), Security::None);
    let mut crowd = Tcp::new(Target::tcp(relay.address, Version::V5));
    let scenario =
        idle::Scenario { connections: 20, settle: Duration::ZERO, hold: Duration::ZERO, broker: None };
    let report = idle::run(&mut crowd, &scenario).unwrap();
    assert_eq!((report.connections, report.disturbed), (20, 0));
}

#[test]
fn idle_connections_that_the_broker_closes_are_counted() {
    use tidegate_benches::idle::Crowd;
    let relay = Liar::start(Lies::default(), Security::None);
    let mut crowd = Tcp::new(Target::tcp(relay.address, Version::V5));
    crowd.open(3).unwrap();
    drop(relay);
    assert_eq!(crowd.disturbed(), 3);
}
