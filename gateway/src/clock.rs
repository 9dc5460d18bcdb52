//! The clock of the broker. Unlike `Instant::now`, it also counts the time during which the machine is suspended, so that
//! sessions and messages expire on time after it wakes up. Deadlines are kept on this clock; only [`until`] converts one for
//! a timer of tokio.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tidegate_persistence::{BootId, ClockReading, Clocks, SystemClocks};

/// The clocks that the store reads, with [`now`] as the monotonic clock.
pub struct BrokerClocks;

/// The current time.
#[must_use]
pub fn now() -> Instant {
    let (started, since_boot) = *START.get_or_init(|| (Instant::now(), SystemClocks::since_boot()));
    started + SystemClocks::since_boot().saturating_sub(since_boot)
}

/// How long a timer may sleep for a deadline. Timers of tokio stand still while the machine is suspended. The limit makes
/// them check the deadline again soon after it wakes up.
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

/// The same time on both clocks.
static START: OnceLock<(Instant, Duration)> = OnceLock::new();
/// A core wakes up at least this often while it has a deadline.
const SLEEP_MAX: Duration = Duration::from_secs(60);
