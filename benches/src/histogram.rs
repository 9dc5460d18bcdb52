//! Durations by logarithmic buckets, each within 1/64 of its values.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::number::{count, float};

/// Buckets for each power of two.
const STEPS: u64 = 64;
/// Enough for all of u64.
const BUCKETS: usize = 64 * 60;

/// Counts of durations in nanoseconds.
#[derive(Clone)]
pub struct Histogram {
    buckets: Vec<u64>,
    total: u64,
    max: u64,
}

/// The usual percentiles, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Percentiles {
    /// Half took at most this.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1,000.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; BUCKETS], total: 0, max: 0 }
    }
}

impl Histogram {
    /// Counts one duration in nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        if let Some(bucket) = self.buckets.get_mut(bucket_of(nanos)) {
            *bucket += 1;
        }
        self.total += 1;
        self.max = self.max.max(nanos);
    }

    /// Counts what another has counted.
    pub fn add(&mut self, other: &Self) {
        for (bucket, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *bucket += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.fill(0);
        self.total = 0;
        self.max = 0;
    }

    /// The upper end of the bucket below which `permille` of 1,000 lie.
    pub fn quantile(&self, permille: u64) -> Duration {
        let wanted = (self.total * permille).div_ceil(1000).max(1);
        let mut seen = 0;
        for (index, bucket) in self.buckets.iter().enumerate() {
            seen += bucket;
            if seen >= wanted {
                return Duration::from_nanos(top_of(count(index)).min(self.max));
            }
        }
        Duration::from_nanos(self.max)
    }

    /// The usual percentiles; None when nothing was counted.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
        (self.total > 0).then(|| Percentiles {
            p50: micros(self.quantile(500)),
            p90: micros(self.quantile(900)),
            p99: micros(self.quantile(990)),
            p999: micros(self.quantile(999)),
            max: float(self.max) / 1e3,
        })
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Histogram").field("total", &self.total).field("micros", &self.percentiles()).finish()
    }
}

/// Values below 128 have buckets of their own; above, the leading seven bits choose.
fn bucket_of(nanos: u64) -> usize {
    let power = u64::from(63 - (nanos | 1).leading_zeros()).saturating_sub(6);
    let index = power * STEPS + (nanos >> power);
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// The largest value of a bucket.
fn top_of(index: u64) -> u64 {
    let power = (index / STEPS).saturating_sub(1);
    let lead = index - power * STEPS;
    ((lead + 1) << power) - 1
}

#[cfg(test)]
mod tests;
