//! What the kernel's text says, and what a quota leaves of it.

use super::*;

const STAT: &str = "cpu  1 2 3 600 50 0 0 0 0 0\ncpu0 1 2 3 100 20 0 0 0 0 0\ncpu1 1 2 3 200 0 0 0 0 0 0\n\
    cpu10 1 2 3 300 30 0 0 0 0 0\nintr 1 2 3\n";

#[test]
fn lists_of_processors_are_read() {
    assert_eq!(processors("\t0-3,8\n"), [0, 1, 2, 3, 8]);
    assert_eq!(processors("5"), [5]);
    assert_eq!(processors(""), [0; 0]);
}

#[test]
fn only_allowed_processors_count() {
    assert_eq!(idle_of(STAT, &[0, 10]), Some(Duration::from_millis(4500)));
    assert_eq!(idle_of(STAT, &[1]), Some(Duration::from_millis(2000)));
    assert_eq!(idle_of(STAT, &[]), None);
    assert_eq!(idle_of("", &[0]), None);
}

#[test]
fn a_quota_bounds_what_is_idle() {
    let now = Instant::now();
    let seconds = Duration::from_secs;
    let reading = |after, used, idle| Reading { at: now + seconds(after), used: seconds(used), idle };
    let last = reading(0, 0, Some(seconds(0)));
    let idle = |idle, count| reading(10, 9, idle).spare_since(&last, count, 0.9);
    assert!((idle(Some(seconds(15)), 4.0) - 1.5).abs() < 1e-9, "the others use two and a half");
    assert!((idle(Some(seconds(15)), 1.0) - 0.1).abs() < 1e-9, "of the one allowed, 0.9 are used");
    assert!((idle(None, 2.0) - 1.1).abs() < 1e-9, "the system does not say");
    let beside = reading(10, 9, Some(seconds(15))).spare_since(&last, 4.0, 0.5);
    assert!((beside - 1.9).abs() < 1e-9, "0.4 are the store's");
}

#[test]
fn a_difference_needs_two_readings() {
    let mut machine = Machine::default();
    let now = Instant::now();
    assert!(machine.pooled_buffer(now, 0.0).is_none());
    assert!(machine.pooled_buffer(now + Duration::from_secs(1), 0.0).is_some());
    machine.forget();
    assert!(machine.pooled_buffer(now + Duration::from_secs(2), 0.0).is_none());
}
