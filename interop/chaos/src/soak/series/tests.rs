use std::time::Duration;

use fastrand::Rng;

use super::{Limit, Series};

const LIMIT: Limit = Limit { absolute: 100.0, percent: 0.0 };

/// Returns a series with one sample per second.
fn series(count: u64, value: impl FnMut(u64) -> u64) -> Series {
    let mut series = Series::new("made up");
    let values = (0..count).map(value);
    values.enumerate().for_each(|(at, value)| series.add(Duration::from_secs(at.try_into().unwrap()), value));
    series
}

/// Returns a function whose values lie at random between 10 000 and 10 300.
fn noise() -> impl FnMut(u64) -> u64 {
    let mut random = Rng::with_seed(1);
    move |_| 10_000 + random.u64(..300)
}

#[test]
fn a_constant_and_noise_do_not_grow() {
    assert!(series(100, |_| 10_000).judge(LIMIT).is_ok());
    assert!(series(200, noise()).judge(LIMIT).is_ok());
}

#[test]
fn a_steady_leak_grows_also_under_noise() {
    let mut noise = noise();
    let leak = series(200, |second| noise(second) + 2 * second);
    assert!(leak.judge(LIMIT).unwrap_err().starts_with("GROWS: made up"));
    let per_second = leak.slope() / 3600.0;
    assert!((per_second - 2.0).abs() < 0.3, "{per_second}");
}

#[test]
fn a_slow_leak_exceeds_the_limit_only_in_a_long_run() {
    let leak = |count| series(count, |second| 10_000 + second / 2);
    assert!(leak(100).judge(LIMIT).is_ok());
    assert!(leak(1000).judge(LIMIT).is_err());
}

#[test]
fn a_few_high_samples_at_the_end_do_not_grow() {
    assert!(series(200, |second| if second > 190 { 90_000 } else { 10_000 }).judge(LIMIT).is_ok());
}

#[test]
fn a_sawtooth_does_not_grow() {
    assert!(series(200, |second| 10_000 + second % 20 * 50).judge(LIMIT).is_ok());
}

#[test]
fn a_series_with_repeated_steps_grows() {
    assert!(series(200, |second| 10_000 + second / 40 * 100).judge(LIMIT).is_err());
}

#[test]
fn a_shrinking_series_does_not_grow() {
    assert!(series(200, |second| 10_000 - second * 10).judge(LIMIT).is_ok());
}

#[test]
fn the_limit_grows_with_the_median() {
    let limit = Limit { absolute: 0.0, percent: 5.0 };
    assert!(series(200, |second| 10_000 + second).judge(limit).is_ok());
    assert!(series(200, |second| 10_000 + 5 * second).judge(limit).is_err());
}

#[test]
fn too_few_samples_are_a_failure() {
    assert!(series(5, |_| 1).judge(LIMIT).is_err());
}
