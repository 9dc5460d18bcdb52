//! Tests that run the load generator against a relay that drops, duplicates, reorders and corrupts messages on demand.
//! The load generator must count each injected fault.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::time::Duration;

use tidegate_benches::connection::Target;
use tidegate_benches::relay::{InjectedFaults, Security};
use tidegate_benches::streams::{self, LoadModel, Scenario, Topology};
use tidegate_benches::traffic::{Outcome, Plan};
use tidegate_benches::wire::Version;

#[path = "fixtures/faulty_relay.rs"]
mod faulty_relay;

use faulty_relay::FaultyRelay;

const MESSAGES: u64 = 300;
const DELIVERY_TIMEOUT: Duration = Duration::from_millis(400);

fn scenario(topology: Topology, load_model: LoadModel, qos: u8) -> Scenario {
    Scenario { topology, load_model, burst_interval: Duration::ZERO, qos, payload_len: 64 }
}

fn run(injected_faults: InjectedFaults, version: Version, scenario: Scenario) -> Outcome {
    let relay = FaultyRelay::start(injected_faults, Security::None);
    let plan = Plan {
        warmup: Duration::ZERO,
        measured: Duration::from_secs(20),
        messages: Some(MESSAGES),
        delivery_timeout: DELIVERY_TIMEOUT,
        broker: None,
    };
    streams::run(&Target::tcp(relay.address, version), &scenario, &plan).unwrap()
}

fn two_pairs(injected_faults: InjectedFaults) -> Outcome {
    run(injected_faults, Version::V5, scenario(Topology::Pairs(2), LoadModel::Window(50), 0))
}

fn every_nth(n: u64) -> Option<NonZeroU64> {
    NonZeroU64::new(n)
}

#[test]
fn a_relay_without_faults_passes_in_every_topology_version_and_qos() {
    let topologies = [(Topology::Pairs(3), 3, 3), (Topology::FanOut(4), 1, 4), (Topology::FanIn(4), 4, 4)];
    for (topology, publishers, streams) in topologies {
        for (version, qos) in [0, 1, 2]
            .map(|qos| (Version::V5, qos))
            .into_iter()
            .chain([0, 1, 2].map(|qos| (Version::V3_1_1, qos)))
        {
            for load_model in [LoadModel::Window(20), LoadModel::PerSecond(20_000)] {
                let outcome = run(InjectedFaults::default(), version, scenario(topology, load_model, qos));
                assert_eq!(
                    outcome.faults.total(),
                    0,
                    "{topology:?} {version:?} {qos} {load_model:?}: {outcome:?}"
                );
                assert_eq!(outcome.sent, publishers * MESSAGES, "{topology:?}");
                assert_eq!(outcome.delivered, streams * MESSAGES, "{topology:?}");
            }
        }
    }
}

#[test]
fn dropped_messages_are_counted_as_lost() {
    let outcome = two_pairs(InjectedFaults { drop: every_nth(100), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.lost, 2 * 3);
    assert_eq!(outcome.faults.total(), 2 * 3);
    assert_eq!(outcome.delivered, 2 * (MESSAGES - 3));
}

#[test]
fn duplicated_messages_are_counted_as_duplicated() {
    let outcome = two_pairs(InjectedFaults { dup: every_nth(100), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.duplicated, 2 * 3);
    assert_eq!(outcome.faults.total(), 2 * 3);
}

#[test]
fn reordered_messages_are_counted_as_out_of_order() {
    let outcome = two_pairs(InjectedFaults { reorder: every_nth(70), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.out_of_order, 2 * 4);
    assert_eq!(outcome.faults.total(), 2 * 4);
}

#[test]
fn corrupt_payloads_are_counted_as_corrupt_and_lost() {
    let outcome = two_pairs(InjectedFaults { corrupt: every_nth(100), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.corrupt, 2 * 3);
    assert_eq!(outcome.faults.lost, 2 * 3);
}

#[test]
fn the_whole_window_is_lost_when_the_relay_forwards_nothing() {
    let outcome = two_pairs(InjectedFaults { drop: every_nth(1), ..InjectedFaults::default() });
    assert_eq!(outcome.sent, 2 * 50);
    assert_eq!(outcome.faults.lost, 2 * 50);
}

fn two_pairs_at_qos_2(injected_faults: InjectedFaults) -> Outcome {
    run(injected_faults, Version::V5, scenario(Topology::Pairs(2), LoadModel::Window(50), 2))
}

#[test]
fn a_qos_2_message_that_arrives_twice_is_a_duplicate() {
    let outcome = two_pairs_at_qos_2(InjectedFaults { dup: every_nth(100), ..InjectedFaults::default() });
    assert_eq!((outcome.faults.duplicated, outcome.faults.total()), (2 * 3, 2 * 3));
    assert_eq!(outcome.delivered, 2 * MESSAGES);
}

#[test]
fn a_dropped_qos_2_message_is_lost() {
    let outcome = two_pairs_at_qos_2(InjectedFaults { drop: every_nth(100), ..InjectedFaults::default() });
    assert_eq!((outcome.faults.lost, outcome.faults.total()), (2 * 3, 2 * 3));
}

#[test]
fn a_missing_pubcomp_is_a_fault_and_stays_in_the_window() {
    let outcome = two_pairs_at_qos_2(InjectedFaults { silence: every_nth(100), ..InjectedFaults::default() });
    assert_eq!((outcome.faults.acknowledgement, outcome.faults.total()), (2 * 3, 2 * 3));
    let stuck = run(
        InjectedFaults { silence: every_nth(1), ..InjectedFaults::default() },
        Version::V5,
        scenario(Topology::Pairs(2), LoadModel::Window(50), 2),
    );
    assert_eq!((stuck.sent, stuck.faults.acknowledgement), (2 * 50, 2 * 50));
}

const SHARED_TOPOLOGY: Topology = Topology::Shared { publishers: 3, subscribers: 4 };

#[test]
fn exactly_one_member_of_a_shared_subscription_receives_each_message() {
    for qos in [0, 1, 2] {
        let outcome = run(
            InjectedFaults::default(),
            Version::V5,
            scenario(SHARED_TOPOLOGY, LoadModel::Window(20), qos),
        );
        assert_eq!(outcome.faults.total(), 0, "{qos}: {outcome:?}");
        assert_eq!((outcome.sent, outcome.delivered), (3 * MESSAGES, 3 * MESSAGES), "{qos}");
    }
}

#[test]
fn a_message_of_a_shared_subscription_that_arrives_twice_or_never_is_a_fault() {
    let doubled = run(
        InjectedFaults { dup: every_nth(100), ..InjectedFaults::default() },
        Version::V5,
        scenario(SHARED_TOPOLOGY, LoadModel::PerSecond(20_000), 0),
    );
    assert_eq!((doubled.faults.duplicated, doubled.faults.total()), (3 * 3, 3 * 3));
    let dropped = run(
        InjectedFaults { drop: every_nth(100), ..InjectedFaults::default() },
        Version::V5,
        scenario(SHARED_TOPOLOGY, LoadModel::PerSecond(20_000), 0),
    );
    assert_eq!((dropped.faults.lost, dropped.faults.total()), (3 * 3, 3 * 3));
}

#[test]
fn open_loop_latency_starts_when_a_message_is_due() {
    let outcome = run(
        InjectedFaults::default(),
        Version::V5,
        scenario(Topology::Pairs(2), LoadModel::PerSecond(2_000), 0),
    );
    let latency = outcome.latency.percentiles().unwrap();
    let lateness = outcome.lateness.percentiles().unwrap();
    assert!(latency.p50 >= lateness.p50, "{latency:?} {lateness:?}");
    assert!(latency.max > 0.0);
}
