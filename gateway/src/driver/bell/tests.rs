//! Signals, the clock of the last packet, and the choke.

use std::time::{Duration, Instant};

use super::{Bell, Signal};

#[test]
fn signals_add_up_and_are_taken_once() {
    let bell = Bell::new(Instant::now());
    bell.ring(Signal::Write);
    bell.ring(Signal::Silent);
    let signals = bell.heed();
    assert!(signals.has(Signal::Write) && signals.has(Signal::Silent));
    assert!(!signals.has(Signal::Shutdown));
    assert!(!bell.heed().has(Signal::Write));
}

#[test]
fn a_choked_driver_is_woken_once_when_little_is_left() {
    let bell = Bell::new(Instant::now());
    bell.choke(100);
    bell.relieve(100);
    assert!(!bell.heed().has(Signal::Write));
    bell.relieve(99);
    assert!(bell.heed().has(Signal::Write));
    bell.relieve(0);
    assert!(!bell.heed().has(Signal::Write));
}

#[test]
fn the_last_packet_is_remembered_to_the_millisecond() {
    let opened = Instant::now();
    let bell = Bell::new(opened);
    assert_eq!(bell.heard(), opened);
    bell.hear(opened + Duration::from_micros(1_234_567));
    assert_eq!(bell.heard(), opened + Duration::from_millis(1234));
}
