//! Measures how busy a core is: the share of the time during which its thread ran. The core measures itself while it
//! handles traffic, so an idle core is never woken for a measurement.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Measures the load of one core.
pub(in crate::cores) struct Meter {
    /// When the next measurement is due; `None` if the placement does not use the load.
    due: Option<Instant>,
    measured_at: Instant,
    /// Processor time of the thread at the last measurement.
    used: Duration,
}

impl Meter {
    /// Creates a meter for the calling thread.
    pub(in crate::cores) fn new(enabled: bool, now: Instant) -> Self {
        Self {
            due: enabled.then(|| now + MEASUREMENT_INTERVAL),
            measured_at: now,
            used: processor_time(ClockId::ThreadCPUTime),
        }
    }

    /// Returns the share of the time since the last measurement during which the thread ran; `None` if no measurement
    /// is due.
    pub(in crate::cores) fn measure(&mut self, now: Instant) -> Option<f64> {
        if self.due.is_none_or(|due| now < due) {
            return None;
        }
        let used = processor_time(ClockId::ThreadCPUTime);
        let elapsed = now.saturating_duration_since(self.measured_at).as_secs_f64();
        let share = used.saturating_sub(self.used).as_secs_f64() / elapsed.max(f64::EPSILON);
        *self = Self { due: Some(now + MEASUREMENT_INTERVAL), measured_at: now, used };
        Some(share)
    }
}

/// Returns the processor time that `clock` counts: that of the calling thread, or of the process.
pub(super) fn processor_time(clock: ClockId) -> Duration {
    // These clocks are never negative.
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// Minimum time between two measurements. `/proc/stat` counts hundredths of a second, so a measurement is exact to
/// about 5 %.
pub(super) const MEASUREMENT_INTERVAL: Duration = Duration::from_millis(200);
