//! Counts durations in an HDR histogram and reports percentiles.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::error::LoadError;
use crate::number::float;

/// Number of significant decimal digits of a counted duration. With two digits, a percentile is at most 1 % too high.
const SIGNIFICANT_DIGITS: u8 = 2;

/// A histogram of durations in nanoseconds.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

/// The usual percentiles, in microseconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Percentiles {
    /// Half of the durations are at most this long.
    pub p50: f64,
    /// 90 % of the durations are at most this long.
    pub p90: f64,
    /// 99 % of the durations are at most this long.
    pub p99: f64,
    /// 99.9 % of the durations are at most this long.
    pub p999: f64,
    /// The longest duration.
    pub max: f64,
}

impl Latencies {
    /// Creates an empty histogram.
    pub fn new() -> Result<Self, LoadError> {
        Histogram::new_with_bounds(1, u64::MAX, SIGNIFICANT_DIGITS).map(Self).map_err(LoadError::histogram)
    }

    /// Counts one duration in nanoseconds.
    pub fn record(&mut self, nanos: u64) {
        self.0.saturating_record(nanos);
    }

    /// Adds the durations that another histogram has counted.
    pub fn add(&mut self, other: &Self) -> Result<(), LoadError> {
        self.0.add(&other.0).map_err(LoadError::histogram)
    }

    /// Discards all durations counted so far.
    pub fn clear(&mut self) {
        self.0.reset();
    }

    /// Returns the usual percentiles, or `None` if no duration was counted.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let micros = |quantile| float(self.0.value_at_quantile(quantile)) / 1e3;
        (!self.0.is_empty()).then(|| Percentiles {
            p50: micros(0.5),
            p90: micros(0.9),
            p99: micros(0.99),
            p999: micros(0.999),
            max: float(self.0.max()) / 1e3,
        })
    }
}

#[cfg(test)]
mod tests;
