//! A snapshot of all counters. The figures are differences between two snapshots.

use std::time::{Duration, Instant};

use crate::error::LoadError;
use crate::number::{float, ratio};
use crate::process::{MonitoredProcess, ProcessorTime};

/// All counters at one point in time.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot {
    /// The point in time.
    pub at: Instant,
    /// Messages published.
    pub sent: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Messages acknowledged.
    pub acknowledged: u64,
    /// The broker's processor time. Needs the broker's process id.
    pub broker: Option<ProcessorTime>,
    /// The broker's resident memory in KiB. Needs the broker's process id.
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

    /// Time since `earlier`.
    pub fn since(&self, earlier: &Self) -> Duration {
        self.at.saturating_duration_since(earlier.at)
    }

    /// A snapshot without message counters.
    pub fn of_broker(broker: Option<MonitoredProcess>) -> Result<Self, LoadError> {
        Self::take(broker, 0, 0)
    }

    /// Microseconds of the broker's processor time since `earlier`, divided by `parts`.
    pub fn micros_per(&self, earlier: &Self, parts: u64) -> Option<f64> {
        let used = self.broker_since(earlier)?.total();
        Some(ratio(used.as_secs_f64() * 1e6, float(parts)))
    }

    /// Growth of the broker's memory since `earlier` in bytes, divided by `parts`.
    pub fn bytes_per(&self, earlier: &Self, parts: u64) -> Option<f64> {
        let kib = self.resident_kib?.saturating_sub(earlier.resident_kib?);
        Some(ratio(float(kib * 1024), float(parts)))
    }

    /// Processors that the broker kept busy since `earlier`.
    pub fn processors(&self, earlier: &Self) -> Option<f64> {
        let used = self.broker_since(earlier)?.total();
        Some(ratio(used.as_secs_f64(), self.since(earlier).as_secs_f64()))
    }

    /// `parts` per second since `earlier`.
    pub fn per_second(&self, earlier: &Self, parts: u64) -> f64 {
        ratio(float(parts), self.since(earlier).as_secs_f64())
    }

    /// The broker's processor time since `earlier`.
    pub fn broker_since(&self, earlier: &Self) -> Option<ProcessorTime> {
        Some(self.broker?.since(&earlier.broker?))
    }
}
