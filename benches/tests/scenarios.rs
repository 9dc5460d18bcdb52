//! Tests that run the scenarios `subscriptions`, `retained`, `idle`, `churn` and `slow` against the relay. The relay
//! stores no retained messages, so these must count as lost.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::time::Duration;

use tidegate_benches::connection::transport::TransportKind;
use tidegate_benches::connection::{Target, Transport};
use tidegate_benches::faults::Faults;
use tidegate_benches::idle::{self, tcp::Tcp};
use tidegate_benches::relay::{InjectedFaults, Security};
use tidegate_benches::streams::slow_subscriber::{self, SlowSubscriber};
use tidegate_benches::traffic::Plan;
use tidegate_benches::traffic::subscriber::RunContext;
use tidegate_benches::wire::Version;
use tidegate_benches::{churn, retained, streams, subscriptions};

#[path = "fixtures/certificate.rs"]
mod certificate;
#[path = "fixtures/faulty_relay.rs"]
mod faulty_relay;

use faulty_relay::FaultyRelay;

fn run_subscriptions(injected_faults: InjectedFaults) -> subscriptions::Report {
    let relay = FaultyRelay::start(injected_faults, Security::None);
    let scenario = subscriptions::Scenario {
        subscriptions: 300,
        clients: 5,
        per_second: 4000,
        burst_interval: Duration::from_millis(1),
    };
    let plan = Plan {
        warmup: Duration::ZERO,
        measured: Duration::from_secs(20),
        messages: Some(400),
        delivery_timeout: Duration::from_millis(400),
        broker: None,
    };
    subscriptions::run(&Target::tcp(relay.address, Version::V5), &scenario, &plan).unwrap()
}

#[test]
fn each_message_reaches_the_subscriptions_with_and_without_wildcard() {
    let report = run_subscriptions(InjectedFaults::default());
    assert_eq!(report.traffic.faults.total(), 0, "{report:?}");
    assert_eq!(report.traffic.sent, 400);
    assert_eq!(report.traffic.delivered, 800);
    assert_eq!(report.subscriptions, 300);
}

#[test]
fn a_dropped_message_is_lost_at_both_subscriptions() {
    let report =
        run_subscriptions(InjectedFaults { drop: NonZeroU64::new(100), ..InjectedFaults::default() });
    assert_eq!(report.traffic.faults.lost, 2 * 4);
    assert_eq!(report.traffic.faults.total(), 2 * 4);
}

#[test]
fn a_duplicated_message_is_a_fault_at_both_subscriptions() {
    let report = run_subscriptions(InjectedFaults { dup: NonZeroU64::new(100), ..InjectedFaults::default() });
    assert_eq!(report.traffic.faults.duplicated, 2 * 4);
}

#[test]
fn retained_messages_that_are_not_delivered_are_lost() {
    let relay = FaultyRelay::start(InjectedFaults::default(), Security::None);
    let scenario = retained::Scenario {
        topics: 50,
        rounds: 2,
        qos: 0,
        payload_len: 64,
        delivery_timeout: Duration::from_millis(100),
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
    let relay = FaultyRelay::start(InjectedFaults::default(), Security::None);
    let mut connections = Tcp::new(Target::tcp(relay.address, Version::V5));
    let scenario =
        idle::Scenario { connections: 20, settle_time: Duration::ZERO, hold: Duration::ZERO, broker: None };
    let report = idle::run(&mut connections, &scenario).unwrap();
    assert_eq!((report.connections, report.disturbed), (20, 0));
}

#[test]
fn idle_connections_that_the_broker_closes_are_counted() {
    use tidegate_benches::idle::IdleConnections;
    let relay = FaultyRelay::start(InjectedFaults::default(), Security::None);
    let mut connections = Tcp::new(Target::tcp(relay.address, Version::V5));
    connections.open(3).unwrap();
    drop(relay);
    assert_eq!(connections.disturbed(), 3);
}

fn run_churn(target: impl Fn() -> Target + Sync) -> churn::Report {
    let scenario = churn::Scenario {
        workers: 3,
        per_second: None,
        warmup: Duration::ZERO,
        measured: Duration::from_millis(300),
        broker: None,
    };
    churn::run(&|| Ok(target()), &scenario).unwrap()
}

#[test]
fn opened_and_closed_connections_are_counted() {
    let relay = FaultyRelay::start(InjectedFaults::default(), Security::None);
    let report = run_churn(|| Target::tcp(relay.address, Version::V5));
    assert!(report.connections > 0, "{report:?}");
    assert_eq!((report.failed, report.unclosed, report.resumed), (0, 0, 0), "{report:?}");
}

#[test]
fn tls_sessions_are_resumed_only_on_request() {
    let made = certificate::Certificate::new("churn");
    let relay = FaultyRelay::start(
        InjectedFaults::default(),
        Security::Tls { certificate: &made.chain, key: &made.key },
    );
    for resume in [true, false] {
        let report = run_churn(|| Target {
            address: relay.address,
            version: Version::V5,
            transport: Transport::new(TransportKind::Tls, Some(&made.chain), resume).unwrap(),
        });
        assert_eq!((report.failed, report.resumed > 0), (0, resume), "{report:?}");
    }
}

#[test]
fn connections_that_are_refused_count_as_failed() {
    let relay = FaultyRelay::start(InjectedFaults::default(), Security::None);
    let address = relay.address;
    drop(relay);
    let scenario = churn::Scenario {
        workers: 1,
        per_second: Some(100),
        warmup: Duration::ZERO,
        measured: Duration::from_millis(100),
        broker: None,
    };
    let report = churn::run(&|| Ok(Target::tcp(address, Version::V5)), &scenario).unwrap();
    assert!(report.failed > 0 && report.failure.is_some(), "{report:?}");
    assert_eq!(report.connections, 0);
}

/// Publishes 300 messages to two normal subscribers and to a subscriber that reads `per_second` messages per second.
fn run_with_slow_subscriber(
    injected_faults: InjectedFaults,
    per_second: u64,
) -> (slow_subscriber::Report, Faults) {
    let relay = FaultyRelay::start(injected_faults, Security::None);
    let target = Target::tcp(relay.address, Version::V5);
    let run = std::process::id();
    let context = RunContext::new(run, target.version, 64);
    let slow_subscriber =
        SlowSubscriber::start(&target, streams::topic(run, 0), 1, per_second, context).unwrap();
    let scenario = streams::Scenario {
        topology: streams::Topology::FanOut(2),
        load_model: streams::LoadModel::Window(50),
        burst_interval: Duration::ZERO,
        qos: 1,
        payload_len: 64,
    };
    let plan = Plan {
        warmup: Duration::ZERO,
        measured: Duration::from_secs(20),
        messages: Some(300),
        delivery_timeout: Duration::from_millis(400),
        broker: None,
    };
    let outcome = streams::run(&target, &scenario, &plan).unwrap();
    slow_subscriber.end(outcome.sent).unwrap()
}

#[test]
fn a_subscriber_that_does_not_read_during_the_traffic_receives_every_message_afterwards() {
    let (report, faults) = run_with_slow_subscriber(InjectedFaults::default(), 0);
    assert_eq!((report.delivered, report.delivered_afterwards, report.missed), (0, 300, 0));
    assert_eq!((faults.total(), report.closed), (0, false));
}

#[test]
fn messages_that_a_slow_subscriber_misses_are_no_faults_but_duplicates_are() {
    let (report, faults) = run_with_slow_subscriber(
        InjectedFaults { drop: NonZeroU64::new(100), ..InjectedFaults::default() },
        10,
    );
    assert_eq!((report.missed, faults.total()), (3, 0), "{report:?}");
    let (_, faults) = run_with_slow_subscriber(
        InjectedFaults { dup: NonZeroU64::new(100), ..InjectedFaults::default() },
        10,
    );
    assert_eq!((faults.duplicated, faults.total()), (3, 3));
}
