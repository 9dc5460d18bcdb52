//! The clock of the broker. Unlike `Instant::now`, it also counts the time during which the machine is suspended, so
//! that sessions and messages expire on time after the machine wakes up. All deadlines are times of this clock.
//! [`until`] converts a deadline to the duration for a timer of tokio.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tidegate_persistence::{BootId, ClockReading, Clocks, SystemClocks};

/// The clocks that the store reads, with [`now`] as the monotonic clock.
pub struct BrokerClocks;

/// Returns the current time.
#[must_use]
pub fn now() -> Instant {
    let (started, since_boot) = *CLOCK_START.get_or_init(|| (Instant::now(), SystemClocks::since_boot()));
    started + SystemClocks::since_boot().saturating_sub(since_boot)
}

/// Returns how long a timer may sleep before it checks `deadline` again. Timers of tokio stand still while the machine
/// is suspended. Because of the limit of one minute, they check the deadline soon after the machine wakes up.
#[must_use]
pub fn until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(now()).min(SLEEP_MAX)
}

impl Clocks for BrokerClocks {
    fn read(&self) -> ClockReading {
        ClockReading { now: now(), ..SystemClocks.read() }
    }

    fn boot_id(&self) -> std::io::Result<BootId> {
        SystemClocks.boot_id()
    }
}

/// One moment, as read from both clocks: `Instant::now`, and the time since the machine was booted.
static CLOCK_START: OnceLock<(Instant, Duration)> = OnceLock::new();
/// Maximum time for which a timer sleeps before it checks its deadline again. If the machine was suspended meanwhile, a
/// timer is late by at most this time.
const SLEEP_MAX: Duration = Duration::from_secs(60);
