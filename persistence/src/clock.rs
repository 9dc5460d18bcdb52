//! The clocks of the machine, and the **store time**. All times in the store are milliseconds of store time. Store time
//! begins as Unix time when a store is created, and afterwards only moves forwards, whatever happens to the wall clock.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// The clocks that a store reads. [`SystemClocks`] reads those of the machine; tests use their own.
pub trait Clocks: Send + Sync {
    /// Reads all clocks at the same time.
    fn read(&self) -> ClockReading;

    /// Returns the id of the current boot of the machine.
    ///
    /// # Errors
    /// When the id cannot be read.
    fn boot_id(&self) -> io::Result<BootId>;
}

/// One moment, as read from all clocks.
#[derive(Clone, Copy, Debug)]
pub struct ClockReading {
    /// The moment on the monotonic clock of the broker.
    pub now: Instant,
    /// Time since the machine was booted, including the time during which it was suspended.
    pub since_boot: Duration,
    /// Time since the Unix epoch on the wall clock, which can be set forwards and backwards.
    pub wall: Duration,
}

/// Identifies a boot of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootId(pub [u8; BootId::SIZE]);

/// The clocks of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClocks;

/// One moment in store time and on the monotonic clock of the broker. Converts times between store time and the
/// monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The moment on the monotonic clock of the broker.
    pub now: Instant,
    /// The same moment in milliseconds of store time.
    pub store_time: u64,
}

impl BootId {
    /// Number of bytes of a boot id. The text of the id is shorter and is padded with zeros.
    pub const SIZE: usize = 40;
}

impl SystemClocks {
    /// Returns the time since the machine was booted, including the time during which it was suspended.
    #[must_use]
    pub fn since_boot() -> Duration {
        let time = clock_gettime(ClockId::Boottime);
        Duration::try_from(time).unwrap_or_default()
    }
}

impl Clocks for SystemClocks {
    fn read(&self) -> ClockReading {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        ClockReading { now: Instant::now(), since_boot: Self::since_boot(), wall }
    }

    fn boot_id(&self) -> io::Result<BootId> {
        let text = fs::read(Path::new("/proc/sys/kernel/random/boot_id"))?;
        let mut id = [0; BootId::SIZE];
        for (to, from) in id.iter_mut().zip(text) {
            *to = from;
        }
        Ok(BootId(id))
    }
}

impl Clock {
    /// Converts a stored time to the monotonic clock. Times before [`Self::now`] become `now`. Returns `None` if the
    /// time cannot be represented.
    #[must_use]
    pub fn instant(&self, store_time: u64) -> Option<Instant> {
        self.now.checked_add(Duration::from_millis(store_time.saturating_sub(self.store_time)))
    }

    /// Converts a time on the monotonic clock to store time.
    #[must_use]
    pub fn store_time(&self, at: Instant) -> u64 {
        let ahead = millis(at.saturating_duration_since(self.now));
        let behind = millis(self.now.saturating_duration_since(at));
        self.store_time.saturating_add(ahead).saturating_sub(behind)
    }
}

/// Returns the whole milliseconds of a duration.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
