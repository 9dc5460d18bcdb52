//! If a limit is reached, the next admission is refused and counted by reason. Dropping a permit allows another
//! admission.

#![allow(clippy::unwrap_used)]

use std::net::IpAddr;
use std::sync::Arc;

use tidegate_limits::{
    Config as LimitsConfig, ConnectionRefusal, Connections, HandshakeRefusal, Handshakes, Source,
};

fn source(text: &str) -> Source {
    Source::from(text.parse::<IpAddr>().unwrap())
}

#[test]
fn handshakes_are_capped_per_source() {
    let handshakes = Handshakes::new(&LimitsConfig {
        handshakes_max: 10,
        handshakes_per_source_max: 2,
        retry_from: 3,
        ..LimitsConfig::default()
    });
    let a = source("192.0.2.1");
    let first = handshakes.admit(a).unwrap();
    let _second = handshakes.admit(a).unwrap();
    assert_eq!(handshakes.admit(a).unwrap_err(), HandshakeRefusal::Source { peer: a, running: 2 });
    assert!(!handshakes.requires_retry());
    let _other = handshakes.admit(source("192.0.2.2")).unwrap();
    assert!(handshakes.requires_retry());
    drop(first);
    let _third = handshakes.admit(a).unwrap();
    assert_eq!((handshakes.refused_source(), handshakes.refused_total()), (1, 0));
}

#[test]
fn handshakes_are_capped_in_total() {
    let handshakes = Handshakes::new(&LimitsConfig {
        handshakes_max: 2,
        handshakes_per_source_max: 2,
        retry_from: 0,
        ..LimitsConfig::default()
    });
    let _a = handshakes.admit(source("192.0.2.1")).unwrap();
    let b = handshakes.admit(Source::Local).unwrap();
    let refusal = handshakes.admit(source("192.0.2.3")).unwrap_err();
    assert_eq!(refusal, HandshakeRefusal::Total { running: 2 });
    assert_eq!(refusal.to_string(), "2 handshakes are already running");
    drop(b);
    let _c = handshakes.admit(source("192.0.2.3")).unwrap();
    assert_eq!((handshakes.refused_source(), handshakes.refused_total()), (0, 1));
}

#[test]
fn sources_without_running_handshakes_are_no_longer_stored() {
    let handshakes = Handshakes::new(&LimitsConfig {
        handshakes_max: 500,
        handshakes_per_source_max: 1,
        retry_from: 0,
        ..LimitsConfig::default()
    });
    let permits: Vec<_> =
        (0..200).map(|n| handshakes.admit(source(&format!("10.0.0.{n}"))).unwrap()).collect();
    assert_eq!((handshakes.source_count(), handshakes.running()), (200, 200));
    drop(permits);
    assert_eq!((handshakes.source_count(), handshakes.running()), (0, 0));
}

#[test]
fn a_source_cap_of_zero_refuses_and_stores_nothing() {
    let handshakes = Handshakes::new(&LimitsConfig {
        handshakes_max: 5,
        handshakes_per_source_max: 0,
        retry_from: 0,
        ..LimitsConfig::default()
    });
    assert!(handshakes.admit(source("192.0.2.1")).is_err());
    assert_eq!(handshakes.source_count(), 0);
}

#[test]
fn an_ipv6_peer_is_counted_by_its_64_bit_prefix() {
    assert_eq!(source("2001:db8:1:2::1"), source("2001:db8:1:2:ffff::9"));
    assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
    assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
    assert_eq!(source("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
}

#[test]
fn connections_are_capped_per_listener_and_in_total() {
    let connections = Connections::new(&LimitsConfig { connections_max: 3, ..LimitsConfig::default() });
    let small = connections.for_listener(2);
    let large = connections.for_listener(100);
    let first = small.admit().unwrap();
    let _second = small.admit().unwrap();
    assert_eq!(small.admit().unwrap_err(), ConnectionRefusal::Listener { open: 2 });
    let _third = large.admit().unwrap();
    assert_eq!(large.admit().unwrap_err(), ConnectionRefusal::Total { open: 3 });
    assert_eq!((connections.open(), small.open(), large.open()), (3, 2, 1));
    assert_eq!((connections.refused(), small.refused(), large.refused()), (1, 1, 0));
    drop(first);
    let _fourth = large.admit().unwrap();
    assert_eq!((connections.open(), small.open(), large.open()), (3, 1, 2));
}

#[test]
fn concurrent_threads_never_exceed_the_cap() {
    let connections = Connections::new(&LimitsConfig { connections_max: 7, ..LimitsConfig::default() });
    let listener = connections.for_listener(100);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let listener = Arc::clone(&listener);
            std::thread::spawn(move || {
                for _ in 0..2000 {
                    let permits: Vec<_> = (0..3).filter_map(|_| listener.admit().ok()).collect();
                    assert!(listener.all().open() <= 7);
                    assert!(permits.len() <= 3);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!((connections.open(), listener.open()), (0, 0));
}
