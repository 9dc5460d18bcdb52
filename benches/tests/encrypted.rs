//! Tests of traffic over TLS, WebSocket and QUIC: through listeners of `tidegate-transports` to the relay, and directly
//! to listeners of the relay.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::time::Duration;

use tidegate_benches::connection::transport::TransportKind;
use tidegate_benches::connection::{Target, Transport};
use tidegate_benches::relay::{InjectedFaults, Security};
use tidegate_benches::streams::{self, LoadModel, Scenario, Topology};
use tidegate_benches::traffic::{Outcome, Plan};
use tidegate_benches::wire::Version;

#[path = "fixtures/bridge.rs"]
mod bridge;
#[path = "fixtures/certificate.rs"]
mod certificate;
#[path = "fixtures/faulty_relay.rs"]
mod faulty_relay;

use certificate::Certificate;
use faulty_relay::FaultyRelay;

const MESSAGES: u64 = 300;
const ALL_TRANSPORTS: [TransportKind; 4] =
    [TransportKind::Tls, TransportKind::WebSocket, TransportKind::SecureWebSocket, TransportKind::Quic];

fn run(target: &Target, topology: Topology, load_model: LoadModel, qos: u8, payload_len: usize) -> Outcome {
    let scenario = Scenario { topology, load_model, burst_interval: Duration::ZERO, qos, payload_len };
    let plan = Plan {
        warmup: Duration::ZERO,
        measured: Duration::from_secs(20),
        messages: Some(MESSAGES),
        delivery_timeout: Duration::from_millis(800),
        broker: None,
    };
    streams::run(target, &scenario, &plan).unwrap()
}

/// Runs two pairs of publisher and subscriber through a listener of `tidegate-transports`.
fn run_through_bridge(
    kind: TransportKind,
    injected_faults: InjectedFaults,
    qos: u8,
    payload_len: usize,
) -> Outcome {
    let certificate = Certificate::new(&format!("bridge-{kind:?}-{qos}-{payload_len}"));
    let relay = FaultyRelay::start(injected_faults, Security::None);
    let address = bridge::start(kind, &certificate, relay.address);
    let transport = Transport::new(kind, Some(&certificate.chain), false).unwrap();
    let target = Target { address, version: Version::V5, transport };
    run(&target, Topology::Pairs(2), LoadModel::Window(50), qos, payload_len)
}

#[test]
fn a_relay_without_faults_passes_over_every_transport() {
    for kind in ALL_TRANSPORTS {
        for (qos, payload_len) in [(0, 64), (1, 64), (2, 64), (0, 100_000)] {
            let outcome = run_through_bridge(kind, InjectedFaults::default(), qos, payload_len);
            assert_eq!(outcome.faults.total(), 0, "{kind:?} {qos} {payload_len}: {outcome:?}");
            assert_eq!((outcome.sent, outcome.delivered), (2 * MESSAGES, 2 * MESSAGES), "{kind:?} {qos}");
        }
    }
}

#[test]
fn injected_faults_are_counted_over_every_transport() {
    let every = NonZeroU64::new(100);
    for kind in ALL_TRANSPORTS {
        let dropped =
            run_through_bridge(kind, InjectedFaults { drop: every, ..InjectedFaults::default() }, 0, 64)
                .faults;
        assert_eq!((dropped.lost, dropped.total()), (2 * 3, 2 * 3), "{kind:?}");
        let doubled =
            run_through_bridge(kind, InjectedFaults { dup: every, ..InjectedFaults::default() }, 1, 64)
                .faults;
        assert_eq!(doubled.duplicated, 2 * 3, "{kind:?}");
        let changed =
            run_through_bridge(kind, InjectedFaults { corrupt: every, ..InjectedFaults::default() }, 0, 64)
                .faults;
        assert_eq!((changed.corrupt, changed.lost), (2 * 3, 2 * 3), "{kind:?}");
    }
}

fn run_against_relay(
    security: Security<'_>,
    kind: TransportKind,
    certificate: &Certificate,
    injected_faults: InjectedFaults,
) -> Vec<Outcome> {
    let relay = FaultyRelay::start(injected_faults, security);
    let transport = Transport::new(kind, Some(&certificate.chain), false).unwrap();
    let target = Target { address: relay.address, version: Version::V5, transport };
    [Topology::Pairs(3), Topology::FanOut(3), Topology::FanIn(3)]
        .map(|topology| run(&target, topology, LoadModel::PerSecond(20_000), 1, 64))
        .into()
}

#[test]
fn the_relay_listens_on_tls_and_quic() {
    let made = Certificate::new("relay");
    let (certificate, key) = (made.chain.as_path(), made.key.as_path());
    for (security, kind) in [
        (Security::Tls { certificate, key }, TransportKind::Tls),
        (Security::Quic { certificate, key }, TransportKind::Quic),
    ] {
        for outcome in run_against_relay(security, kind, &made, InjectedFaults::default()) {
            assert_eq!(outcome.faults.total(), 0, "{kind:?}: {outcome:?}");
        }
        for outcome in run_against_relay(
            security,
            kind,
            &made,
            InjectedFaults { drop: NonZeroU64::new(100), ..InjectedFaults::default() },
        ) {
            assert_eq!(outcome.faults.lost, 3 * 3, "{kind:?}: {outcome:?}");
        }
    }
}

#[test]
fn a_broker_with_a_certificate_from_another_ca_is_refused() {
    let (made, other) = (Certificate::new("made"), Certificate::new("other"));
    let (certificate, key) = (made.chain.as_path(), made.key.as_path());
    for (security, kind) in [
        (Security::Tls { certificate, key }, TransportKind::Tls),
        (Security::Quic { certificate, key }, TransportKind::Quic),
    ] {
        let relay = FaultyRelay::start(InjectedFaults::default(), security);
        let transport = Transport::new(kind, Some(&other.chain), false).unwrap();
        let target = Target { address: relay.address, version: Version::V5, transport };
        assert!(
            tidegate_benches::connection::BlockingConnection::connect(&target, "c", 0).is_err(),
            "{kind:?}"
        );
    }
}
