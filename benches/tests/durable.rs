//! Tests that run the scenario of persistent sessions against the relay. The relay stores nothing, so messages for
//! offline sessions and retained messages must count as lost.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::time::Duration;

use tidegate_benches::connection::Target;
use tidegate_benches::durable::{self, Receivers, Report, Scenario};
use tidegate_benches::relay::{InjectedFaults, Security};
use tidegate_benches::streams::LoadModel;
use tidegate_benches::traffic::Plan;
use tidegate_benches::wire::Version;

#[path = "fixtures/faulty_relay.rs"]
mod faulty_relay;

use faulty_relay::FaultyRelay;

const MESSAGES: u64 = 300;
const PUBLISHERS: u64 = 2;
const TOPICS: u64 = 3;

fn run(receivers: Receivers, version: Version, qos: u8, injected_faults: InjectedFaults) -> Report {
    let relay = FaultyRelay::start(injected_faults, Security::None);
    let scenario = Scenario {
        receivers,
        publishers: PUBLISHERS as usize,
        topics: TOPICS as usize,
        sessions: 2,
        durable_publishers: true,
        qos,
        payload_len: 64,
        load_model: LoadModel::Window(20),
        store: None,
    };
    let plan = Plan {
        warmup: Duration::ZERO,
        measured: Duration::from_secs(20),
        messages: Some(MESSAGES),
        delivery_timeout: Duration::from_millis(400),
        broker: None,
    };
    durable::run(&Target::tcp(relay.address, version), &scenario, &plan).unwrap()
}

fn every_nth(n: u64) -> Option<NonZeroU64> {
    NonZeroU64::new(n)
}

#[test]
fn a_relay_without_faults_passes_with_online_sessions() {
    for version in [Version::V5, Version::V3_1_1] {
        for qos in [1, 2] {
            let report = run(Receivers::Online, version, qos, InjectedFaults::default());
            assert_eq!(report.faults.total(), 0, "{version:?} {qos}: {report:?}");
            assert_eq!(report.sent, PUBLISHERS * MESSAGES);
            assert_eq!(report.delivered, 2 * PUBLISHERS * MESSAGES);
            assert!(report.acknowledgement_micros.is_some());
        }
    }
}

#[test]
fn a_message_that_is_acknowledged_but_dropped_is_lost_at_each_session() {
    let report = run(
        Receivers::Online,
        Version::V5,
        1,
        InjectedFaults { drop: every_nth(100), ..InjectedFaults::default() },
    );
    assert_eq!((report.faults.lost, report.faults.total()), (2 * PUBLISHERS * 3, 2 * PUBLISHERS * 3));
}

#[test]
fn a_qos_2_message_that_arrives_twice_is_a_fault() {
    let report = run(
        Receivers::Online,
        Version::V5,
        2,
        InjectedFaults { dup: every_nth(100), ..InjectedFaults::default() },
    );
    assert_eq!((report.faults.duplicated, report.faults.total()), (2 * PUBLISHERS * 3, 2 * PUBLISHERS * 3));
}

#[test]
fn all_messages_of_sessions_that_the_broker_does_not_have_are_lost() {
    let report = run(Receivers::Offline, Version::V5, 1, InjectedFaults::default());
    assert_eq!(
        (report.faults.lost, report.faults.total()),
        (2 * PUBLISHERS * MESSAGES, 2 * PUBLISHERS * MESSAGES)
    );
    assert_eq!(report.collected.unwrap().messages, 0);
}

#[test]
fn a_topic_without_its_newest_message_counts_as_one_lost_message() {
    let report = run(Receivers::Retained, Version::V3_1_1, 1, InjectedFaults::default());
    assert_eq!((report.faults.lost, report.faults.total()), (PUBLISHERS * TOPICS, PUBLISHERS * TOPICS));
}
