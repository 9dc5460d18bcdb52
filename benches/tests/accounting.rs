//! The load tool against a relay that drops, duplicates, reorders and corrupts on demand.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::time::Duration;

use tidegate_benches::connection::Target;
use tidegate_benches::relay::{InjectedFaults, Security};
use tidegate_benches::streams::{self, LoadModel, Scenario, Topology};
use tidegate_benches::traffic::{Outcome, Plan};
use tidegate_benches::wire::Version;

#[path = "fixtures/faulty_relay.rs"]
mod relay;

use relay::FaultyRelay;

const MESSAGES: u64 = 300;
const DELIVERY_TIMEOUT: Duration = Duration::from_millis(400);

fn scenario(topology: Topology, load_model: LoadModel, qos: u8) -> Scenario {
    Scenario { topology, load_model, tick: Duration::ZERO, qos, payload_len: 64 }
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

fn every(n: u64) -> Option<NonZeroU64> {
    NonZeroU64::new(n)
}

#[test]
fn an_honest_relay_passes_in_every_topology_version_and_qos() {
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
fn drops_are_counted() {
    let outcome = two_pairs(InjectedFaults { drop: every(100), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.lost, 2 * 3);
    assert_eq!(outcome.faults.total(), 2 * 3);
    assert_eq!(outcome.delivered, 2 * (MESSAGES - 3));
}

#[test]
fn duplicates_are_counted() {
    let outcome = two_pairs(InjectedFaults { dup: every(100), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.duplicated, 2 * 3);
    assert_eq!(outcome.faults.total(), 2 * 3);
}

#[test]
fn reordering_is_counted() {
    let outcome = two_pairs(InjectedFaults { reorder: every(70), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.out_of_order, 2 * 4);
    assert_eq!(outcome.faults.total(), 2 * 4);
}

#[test]
fn corrupt_payloads_are_counted() {
    let outcome = two_pairs(InjectedFaults { corrupt: every(100), ..InjectedFaults::default() });
    assert_eq!(outcome.faults.corrupt, 2 * 3);
    assert_eq!(outcome.faults.lost, 2 * 3);
}

#[test]
fn a_relay_that_forwards_nothing_loses_the_whole_window() {
    let outcome = two_pairs(InjectedFaults { drop: every(1), ..InjectedFaults::default() });
    assert_eq!(outcome.sent, 2 * 50);
    assert_eq!(outcome.faults.lost, 2 * 50);
}

fn two_pairs_at_qos_2(injected_faults: InjectedFaults) -> Outcome {
    run(injected_faults, Version::V5, scenario(Topology::Pairs(2), LoadModel::Window(50), 2))
}

#[test]
fn a_message_of_qos_2_that_comes_twice_is_a_duplicate() {
    let outcome = two_pairs_at_qos_2(InjectedFaults { dup: every(100), ..InjectedFaults::default() });
    assert_eq!((outcome.faults.duplicated, outcome.faults.total()), (2 * 3, 2 * 3));
    assert_eq!(outcome.delivered, 2 * MESSAGES);
}

#[test]
fn a_message_of_qos_2_that_is_dropped_is_lost() {
    let outcome = two_pairs_at_qos_2(InjectedFaults { drop: every(100), ..InjectedFaults::default() });
    assert_eq!((outcome.faults.lost, outcome.faults.total()), (2 * 3, 2 * 3));
}

#[test]
fn a_missing_pubcomp_is_a_fault_and_stays_in_the_window() {
    let outcome = two_pairs_at_qos_2(InjectedFaults { silence: every(100), ..InjectedFaults::default() });
    assert_eq!((outcome.faults.acknowledgement, outcome.faults.total()), (2 * 3, 2 * 3));
    let stuck = run(
        InjectedFaults { silence: every(1), ..InjectedFaults::default() },
        Version::V5,
        scenario(Topology::Pairs(2), LoadModel::Window(50), 2),
    );
    assert_eq!((stuck.sent, stuck.faults.acknowledgement), (2 * 50, 2 * 50));
}

const SHARED: Topology = Topology::Shared { publishers: 3, subscribers: 4 };

#[test]
fn of_a_share_exactly_one_gets_each_message() {
    for qos in [0, 1, 2] {
        let outcome =
            run(InjectedFaults::default(), Version::V5, scenario(SHARED, LoadModel::Window(20), qos));
        assert_eq!(outcome.faults.total(), 0, "{qos}: {outcome:?}");
        assert_eq!((outcome.sent, outcome.delivered), (3 * MESSAGES, 3 * MESSAGES), "{qos}");
    }
}

#[test]
fn a_message_that_two_of_a_share_get_or_nobody_is_a_fault() {
    let doubled = run(
        InjectedFaults { dup: every(100), ..InjectedFaults::default() },
        Version::V5,
        scenario(SHARED, LoadModel::PerSecond(20_000), 0),
    );
    assert_eq!((doubled.faults.duplicated, doubled.faults.total()), (3 * 3, 3 * 3));
    let dropped = run(
        InjectedFaults { drop: every(100), ..InjectedFaults::default() },
        Version::V5,
        scenario(SHARED, LoadModel::PerSecond(20_000), 0),
    );
    assert_eq!((dropped.faults.lost, dropped.faults.total()), (3 * 3, 3 * 3));
}

#[test]
fn open_loop_latency_runs_from_the_due_time() {
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
