//! A snapshot of all counters. Reports contain the differences between two snapshots.

use std::time::{Duration, Instant};

use crate::error::LoadError;
use crate::number::{float, ratio};
use crate::process::{MonitoredProcess, ProcessorTime};

/// All counters at one point in time.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot {
    /// Time at which the counters were read.
    pub at: Instant,
    /// Number of messages published.
    pub sent: u64,
    /// Number of messages delivered.
    pub delivered: u64,
    /// Number of messages acknowledged.
    pub acknowledged: u64,
    /// The broker's processor time. `None` if the broker's process id is not known.
    pub broker: Option<ProcessorTime>,
    /// The broker's resident memory in KiB. `None` if the broker's process id is not known.
    pub resident_kib: Option<u64>,
    /// The load generator's own processor time.
    pub own: ProcessorTime,
}

impl Snapshot {
    /// Reads all counters now.
    pub fn take(broker: Option<MonitoredProcess>, sent: u64, delivered: u64) -> Result<Self, LoadError> {
        Ok(Self {
            at: Instant::now(),
            sent,
            delivered,
            acknowledged: 0,
            broker: broker.map(MonitoredProcess::processor_time).transpose()?,
            resident_kib: broker.map(MonitoredProcess::resident_kib).transpose()?,
            own: MonitoredProcess::Own.processor_time()?,
        })
    }

    /// Returns the time since `earlier`.
    pub fn since(&self, earlier: &Self) -> Duration {
        self.at.saturating_duration_since(earlier.at)
    }

    /// Takes a snapshot without the counters of messages.
    pub fn of_broker(broker: Option<MonitoredProcess>) -> Result<Self, LoadError> {
        Self::take(broker, 0, 0)
    }

    /// Returns the microseconds of the broker's processor time since `earlier`, divided by `parts`.
    pub fn micros_per(&self, earlier: &Self, parts: u64) -> Option<f64> {
        let used = self.broker_since(earlier)?.total();
        Some(ratio(used.as_secs_f64() * 1e6, float(parts)))
    }

    /// Returns the growth of the broker's memory since `earlier` in bytes, divided by `parts`.
    pub fn bytes_per(&self, earlier: &Self, parts: u64) -> Option<f64> {
        let kib = self.resident_kib?.saturating_sub(earlier.resident_kib?);
        Some(ratio(float(kib * 1024), float(parts)))
    }

    /// Returns the mean number of processors that the broker kept busy since `earlier`.
    pub fn processors(&self, earlier: &Self) -> Option<f64> {
        let used = self.broker_since(earlier)?.total();
        Some(ratio(used.as_secs_f64(), self.since(earlier).as_secs_f64()))
    }

    /// Returns `parts` per second since `earlier`.
    pub fn per_second(&self, earlier: &Self, parts: u64) -> f64 {
        ratio(float(parts), self.since(earlier).as_secs_f64())
    }

    /// Returns the broker's processor time since `earlier`.
    pub fn broker_since(&self, earlier: &Self) -> Option<ProcessorTime> {
        Some(self.broker?.since(&earlier.broker?))
    }
}
