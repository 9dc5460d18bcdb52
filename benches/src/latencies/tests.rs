//! Tests that compare percentiles with those of a sorted list.

use super::Latencies;

/// Returns pseudo-random durations below 5 ms, in nanoseconds.
fn durations() -> Vec<u64> {
    let mut state = 1u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % 5_000_000
    };
    (0..10_000).map(next).collect()
}

fn histogram_of(nanos: &[u64]) -> Latencies {
    let mut latencies = Latencies::new().unwrap();
    for duration in nanos {
        latencies.record(*duration);
    }
    latencies
}

#[test]
fn percentiles_are_at_most_one_percent_above_those_of_a_sorted_list() {
    let mut nanos = durations();
    let found = histogram_of(&nanos).percentiles().unwrap();
    nanos.sort_unstable();
    let pairs = [(500, found.p50), (900, found.p90), (990, found.p99), (999, found.p999), (1000, found.max)];
    for (permille, found) in pairs {
        let exact = nanos[(nanos.len() * permille).div_ceil(1000) - 1] as f64 / 1e3;
        assert!(found >= exact && found <= exact * 1.01, "{permille}: {found} for {exact}");
    }
}

#[test]
fn the_sum_of_two_histograms_has_the_percentiles_of_all_durations() {
    let nanos = durations();
    let (left, right) = nanos.split_at(3000);
    let mut sum = histogram_of(left);
    sum.add(&histogram_of(right)).unwrap();
    let (sum, whole) = (sum.percentiles().unwrap(), histogram_of(&nanos).percentiles().unwrap());
    assert_eq!((sum.p50, sum.p999, sum.max), (whole.p50, whole.p999, whole.max));
}

#[test]
fn an_empty_histogram_has_no_percentiles() {
    let mut latencies = histogram_of(&[5]);
    latencies.clear();
    assert!(latencies.percentiles().is_none());
    latencies.record(7);
    assert_eq!(latencies.percentiles().unwrap().max, 0.007);
}

#[test]
fn the_longest_possible_duration_is_counted() {
    let found = histogram_of(&[0, u64::MAX]).percentiles().unwrap();
    assert!(found.max >= 1e16 && found.p50 < 1.0, "{found:?}");
}
