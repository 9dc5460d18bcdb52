//! Traffic over TLS, WebSocket and QUIC: through the product's own listeners to the relay, and over the relay's own.
#![allow(clippy::as_conversions, clippy::unwrap_used)]

use std::num::NonZeroU64;
use std::time::Duration;

use tidegate_benches::connection::transport::Kind;
use tidegate_benches::connection::{Target, Transport};
use tidegate_benches::relay::{Lies, Security};
use tidegate_benches::streams::{self, Drive, Scenario, Topology};
use tidegate_benches::traffic::{Outcome, Plan};
use tidegate_benches::wire::Version;

#[path = "liar/bridge.rs"]
mod bridge;
#[path = "liar/certificate.rs"]
mod certificate;
#[path = "liar/relay.rs"]
mod relay;

use certificate::Certificate;
use relay::Liar;

const MESSAGES: u64 = 300;
const ALL: [Kind; 4] = [Kind::Tls, Kind::WebSocket, Kind::SecureWebSocket, Kind::Quic];

fn run(target: &Target, topology: Topology, drive: Drive, qos: u8, payload_len: usize) -> Outcome {
    let scenario = Scenario { topology, drive, tick: Duration::ZERO, qos, payload_len };
    let plan = Plan {
        warmup: Duration::ZERO,
        measured: Duration::from_secs(20),
        messages: Some(MESSAGES),
        patience: Duration::from_millis(800),
        broker: None,
    };
    streams::run(target, &scenario, &plan).unwrap()
}

/// Two pairs through the product's listener.
fn bridged(kind: Kind, lies: Lies, qos: u8, payload_len: usize) -> Outcome {
    let certificate = Certificate::new(&format!("bridge-{kind:?}-{qos}-{payload_len}"));
    let relay = Liar::start(lies, Security::None);
    let address = bridge::start(kind, &certificate, relay.address);
    let transport = Transport::new(kind, Some(&certificate.chain), false).unwrap();
    let target = Target { address, version: Version::V5, transport };
    run(&target, Topology::Pairs(2), Drive::Window(50), qos, payload_len)
}

#[test]
fn an_honest_relay_passes_over_every_transport() {
    for kind in ALL {
        for (qos, payload_len) in [(0, 64), (1, 64), (2, 64), (0, 100_000)] {
            let outcome = bridged(kind, Lies::default(), qos, payload_len);
            assert_eq!(outcome.faults.total(), 0, "{kind:?} {qos} {payload_len}: {outcome:?}");
            assert_eq!((outcome.sent, outcome.delivered), (2 * MESSAGES, 2 * MESSAGES), "{kind:?} {qos}");
        }
    }
}

#[test]
fn lies_are_noticed_over_every_transport() {
    let every = NonZeroU64::new(100);
    for kind in ALL {
        let dropped = bridged(kind, Lies { drop: every, ..Lies::default() }, 0, 64).faults;
        assert_eq!((dropped.lost, dropped.total()), (2 * 3, 2 * 3), "{kind:?}");
        let doubled = bridged(kind, Lies { dup: every, ..Lies::default() }, 1, 64).faults;
        assert_eq!(doubled.duplicated, 2 * 3, "{kind:?}");
        let changed = bridged(kind, Lies { corrupt: every, ..Lies::default() }, 0, 64).faults;
        assert_eq!((changed.corrupt, changed.lost), (2 * 3, 2 * 3), "{kind:?}");
    }
}

fn relayed(security: Security<'_>, kind: Kind, certificate: &Certificate, lies: Lies) -> Vec<Outcome> {
    let relay = Liar::start(lies, security);
    let transport = Transport::new(kind, Some(&certificate.chain), false).unwrap();
    let target = Target { address: relay.address, version: Version::V5, transport };
    [Topology::Pairs(3), Topology::FanOut(3), Topology::FanIn(3)]
        .map(|topology| run(&target, topology, Drive::PerSecond(20_000), 1, 64))
        .into()
}

#[test]
fn the_relay_itself_speaks_tls_and_quic() {
    let made = Certificate::new("relay");
    let (certificate, key) = (made.chain.as_path(), made.key.as_path());
    for (security, kind) in
        [(Security::Tls { certificate, key }, Kind::Tls), (Security::Quic { certificate, key }, Kind::Quic)]
    {
        for outcome in relayed(security, kind, &made, Lies::default()) {
            assert_eq!(outcome.faults.total(), 0, "{kind:?}: {outcome:?}");
        }
        for outcome in relayed(security, kind, &made, Lies { drop: NonZeroU64::new(100), ..Lies::default() })
        {
            assert_eq!(outcome.faults.lost, 3 * 3, "{kind:?}: {outcome:?}");
        }
    }
}

#[test]
fn a_broker_with_a_certificate_of_another_authority_is_refused() {
    let (made, other) = (Certificate::new("made"), Certificate::new("other"));
    let (certificate, key) = (made.chain.as_path(), made.key.as_path());
    for (security, kind) in
        [(Security::Tls { certificate, key }, Kind::Tls), (Security::Quic { certificate, key }, Kind::Quic)]
    {
        let relay = Liar::start(Lies::default(), security);
        let transport = Transport::new(kind, Some(&other.chain), false).unwrap();
        let target = Target { address: relay.address, version: Version::V5, transport };
        assert!(tidegate_benches::connection::Blocking::connect(&target, "c", 0).is_err(), "{kind:?}");
    }
}
