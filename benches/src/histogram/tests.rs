//! The histogram against a sorted list.

use super::{Histogram, bucket_of, top_of};

#[test]
fn every_value_lies_in_a_bucket_at_most_a_64th_wide() {
    let mut value = 1u64;
    while value < 1 << 50 {
        for probe in [value - 1, value, value + value / 3] {
            let top = top_of(bucket_of(probe) as u64);
            assert!(top >= probe, "{probe}: {top}");
            assert!(top - probe <= probe / 64, "{probe}: {top}");
        }
        value *= 2;
    }
}

#[test]
fn quantiles_agree_with_a_sorted_list() {
    let mut histogram = Histogram::default();
    let mut state = 1u64;
    let mut values: Vec<u64> = (0..10_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % 5_000_000
        })
        .collect();
    for value in &values {
        histogram.record(*value);
    }
    values.sort_unstable();
    for permille in [500usize, 900, 990, 999, 1000] {
        let exact = values[(values.len() * permille).div_ceil(1000) - 1];
        let found = histogram.quantile(permille as u64).as_nanos() as u64;
        assert!(found >= exact && found - exact <= exact / 64 + 1, "{permille}: {found} for {exact}");
    }
}
