//! Parsing of `/proc/stat` and of processor lists, and the effect of a quota.

use super::*;

const STAT: &str = "cpu  1 2 3 600 50 0 0 0 0 0\ncpu0 1 2 3 100 20 0 0 0 0 0\ncpu1 1 2 3 200 0 0 0 0 0 0\n\
    cpu10 1 2 3 300 30 0 0 0 0 0\nintr 1 2 3\n";

#[test]
fn a_processor_list_is_parsed() {
    assert_eq!(parse_processor_list("\t0-3,8\n"), [0, 1, 2, 3, 8]);
    assert_eq!(parse_processor_list("5"), [5]);
    assert_eq!(parse_processor_list(""), [0; 0]);
}

#[test]
fn only_allowed_processors_are_counted() {
    assert_eq!(idle_time(STAT, &[0, 10]), Some(Duration::from_millis(4500)));
    assert_eq!(idle_time(STAT, &[1]), Some(Duration::from_millis(2000)));
    assert_eq!(idle_time(STAT, &[]), None);
    assert_eq!(idle_time("", &[0]), None);
}

#[test]
fn a_quota_limits_the_spare_processors() {
    let now = Instant::now();
    let seconds = Duration::from_secs;
    let reading =
        |after, used, idle| ProcessorReading { at: now + seconds(after), used: seconds(used), idle };
    let last = reading(0, 0, Some(seconds(0)));
    let spare = |idle, count| reading(10, 9, idle).spare_processors_since(&last, count, 0.9);
    assert!((spare(Some(seconds(15)), 4.0) - 1.5).abs() < 1e-9, "2.5 of 4 processors are in use");
    assert!((spare(Some(seconds(15)), 1.0) - 0.1).abs() < 1e-9, "the quota is 1, and 0.9 are used");
    assert!((spare(None, 2.0) - 1.1).abs() < 1e-9, "the idle time is unknown");
    let with_store = reading(10, 9, Some(seconds(15))).spare_processors_since(&last, 4.0, 0.5);
    assert!((with_store - 1.9).abs() < 1e-9, "the store uses 0.4, which count as spare");
}

#[test]
fn spare_processors_need_two_readings() {
    let mut machine = SpareProcessorMeter::default();
    let now = Instant::now();
    assert!(machine.spare_processors(now, 0.0).is_none());
    assert!(machine.spare_processors(now + Duration::from_secs(1), 0.0).is_some());
    machine.forget();
    assert!(machine.spare_processors(now + Duration::from_secs(2), 0.0).is_none());
}
