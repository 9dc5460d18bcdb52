//! Tests of signals, of the time of the last packet, and of paused reading.

use std::time::{Duration, Instant};

use super::{Signal, Signals};

#[test]
fn signals_accumulate_and_are_taken_once() {
    let signals = Signals::new(Instant::now());
    signals.notify(Signal::Write);
    signals.notify(Signal::Silent);
    let taken = signals.take();
    assert!(taken.has(Signal::Write) && taken.has(Signal::Silent));
    assert!(!taken.has(Signal::Shutdown));
    assert!(!signals.take().has(Signal::Write));
}

#[test]
fn a_paused_connection_is_woken_once_below_the_threshold() {
    let signals = Signals::new(Instant::now());
    signals.pause_reading(100);
    signals.resume_reading(100);
    assert!(!signals.take().has(Signal::Write));
    signals.resume_reading(99);
    assert!(signals.take().has(Signal::Write));
    signals.resume_reading(0);
    assert!(!signals.take().has(Signal::Write));
}

#[test]
fn the_time_of_the_last_packet_is_recorded_in_milliseconds() {
    let opened = Instant::now();
    let signals = Signals::new(opened);
    assert_eq!(signals.last_activity(), opened);
    signals.record_activity(opened + Duration::from_micros(1_234_567));
    assert_eq!(signals.last_activity(), opened + Duration::from_millis(1234));
}
