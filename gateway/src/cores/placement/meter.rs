//! How busy a core is: the processor time of its thread, measured now and then by the core itself, so that an idle one runs
//! nothing.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// The measure of one core. It is read with traffic, not by a timer.
pub(in crate::cores) struct Meter {
    /// None where nobody wants to know.
    due: Option<Instant>,
    measured: Instant,
    used: Duration,
}

impl Meter {
    /// A meter for the calling thread.
    pub(in crate::cores) fn new(is_watched: bool, now: Instant) -> Self {
        Self { due: is_watched.then(|| now + PERIOD), measured: now, used: time_of(ClockId::ThreadCPUTime) }
    }

    /// The share of the time since the last measurement that the thread ran; `None` before it is time again.
    pub(in crate::cores) fn measure(&mut self, now: Instant) -> Option<f64> {
        if self.due.is_none_or(|due| now < due) {
            return None;
        }
        let used = time_of(ClockId::ThreadCPUTime);
        let elapsed = now.saturating_duration_since(self.measured).as_secs_f64();
        let share = used.saturating_sub(self.used).as_secs_f64() / elapsed.max(f64::EPSILON);
        *self = Self { due: Some(now + PERIOD), measured: now, used };
        Some(share)
    }
}

/// The processor time of the calling thread, or of the process.
pub(super) fn time_of(clock: ClockId) -> Duration {
    // Such a clock never is before its beginning.
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// The time between two measurements, at least.
pub(super) const PERIOD: Duration = Duration::from_millis(200);
