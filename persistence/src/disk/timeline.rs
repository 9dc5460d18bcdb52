//! Continues the store time after a restart. A **time mark** in the file contains the times that the clocks showed at a
//! known store time. If the machine was not booted since, its boot-time clock shows exactly how long the store was
//! closed. After a boot, only the wall clock shows how long the store was closed. The wall clock may be wrong, so the
//! downtime that counts after a boot is limited.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use siphasher::sip::SipHasher24;

use crate::clock::{BootId, Clock, ClockReading, Clocks, millis};

#[cfg(test)]
mod tests;

/// The store time of an open store, and the time mark in its file.
pub(super) struct Timeline {
    clocks: Arc<dyn Clocks>,
    /// The time mark of the moment when the store was opened.
    opening_mark: TimeMark,
    /// The same moment on the monotonic clock.
    opened_at: Instant,
    /// The time mark in the file; `None` if the file has none.
    written: Option<TimeMark>,
}

/// A store time, and the times that the clocks showed at this moment, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeMark {
    store_time: u64,
    since_boot: u64,
    wall: u64,
    /// The id of the boot of the machine; `None` if it could not be read.
    boot: Option<BootId>,
}

impl Timeline {
    /// Continues the store time from `written`, the time mark in the file. If the machine was booted since, at most
    /// `downtime_max` is added to the store time. A file without a mark is new, or was last written by a version that
    /// stored Unix times.
    pub(super) fn open(clocks: Arc<dyn Clocks>, written: Option<TimeMark>, downtime_max: Duration) -> Self {
        let reading = clocks.read();
        let (wall, since_boot) = (millis(reading.wall), millis(reading.since_boot));
        let mut opening_mark = TimeMark { store_time: wall, since_boot, wall, boot: clocks.boot_id().ok() };
        if let Some(written) = written {
            opening_mark.store_time =
                written.store_time.saturating_add(written.downtime(&opening_mark, millis(downtime_max)));
        }
        Self { clocks, opening_mark, opened_at: reading.now, written }
    }

    /// Returns the clock that converts between store time and the monotonic clock.
    pub(super) fn clock(&self) -> Clock {
        Clock { now: self.opened_at, store_time: self.opening_mark.store_time }
    }

    /// Returns the id of the current boot of the machine.
    pub(super) fn boot_id(&self) -> io::Result<BootId> {
        self.clocks.boot_id()
    }

    /// Returns the time mark of the current moment.
    pub(super) fn mark(&self) -> TimeMark {
        let ClockReading { since_boot, wall, .. } = self.clocks.read();
        let since_boot = millis(since_boot);
        let open_for = since_boot.saturating_sub(self.opening_mark.since_boot);
        let store_time = self.opening_mark.store_time.saturating_add(open_for);
        TimeMark { store_time, since_boot, wall: millis(wall), boot: self.opening_mark.boot }
    }

    /// Whether a new mark should be written: the wall clock was set, the machine was booted, or the mark is old.
    pub(super) fn is_mark_due(&self) -> bool {
        let now = self.mark();
        self.written.is_none_or(|written| {
            written.boot != now.boot
                || now.store_time.abs_diff(written.store_time) >= MARK_AGE_MAX
                || now.wall_offset().abs_diff(written.wall_offset()) >= WALL_STEP_MIN
        })
    }

    /// Records that the file now contains this mark.
    pub(super) fn mark_written(&mut self, mark: TimeMark) {
        self.written = Some(mark);
    }
}

impl TimeMark {
    /// Encodes the store time, the boot-time clock and the wall clock (u64, little-endian), then the boot id (zeros if
    /// unknown), and a checksum.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = [self.store_time, self.since_boot, self.wall].map(u64::to_le_bytes).concat();
        bytes.extend_from_slice(&self.boot.map_or([0; BootId::SIZE], |boot| boot.0));
        bytes.extend_from_slice(&compute_checksum(&bytes));
        bytes
    }

    /// Decodes a mark that [`Self::to_bytes`] has encoded; `None` if the length or the checksum is wrong.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (bytes, stored_sum) = bytes.split_last_chunk()?;
        if *stored_sum != compute_checksum(bytes) {
            return None;
        }
        let (store_time, rest) = bytes.split_first_chunk()?;
        let (since_boot, rest) = rest.split_first_chunk()?;
        let (wall, rest) = rest.split_first_chunk()?;
        let boot: [u8; BootId::SIZE] = rest.try_into().ok()?;
        let [store_time, since_boot, wall] =
            [store_time, since_boot, wall].map(|number| u64::from_le_bytes(*number));
        Some(Self { store_time, since_boot, wall, boot: (boot != [0; BootId::SIZE]).then_some(BootId(boot)) })
    }

    /// Returns how many milliseconds of store time passed between this mark, which was read from the file, and
    /// `opening_mark`. If the machine was booted in between, the result is at most `downtime_max`, and 0 if the wall
    /// clock was not set.
    fn downtime(&self, opening_mark: &Self, downtime_max: u64) -> u64 {
        if self.boot.is_some() && self.boot == opening_mark.boot {
            return opening_mark.since_boot.saturating_sub(self.since_boot);
        }
        let are_set = self.wall >= WALL_MIN && opening_mark.wall >= WALL_MIN;
        if are_set { opening_mark.wall.saturating_sub(self.wall).min(downtime_max) } else { 0 }
    }

    /// Returns how many milliseconds the wall clock is ahead of the store time.
    fn wall_offset(&self) -> i64 {
        self.wall.wrapping_sub(self.store_time).cast_signed()
    }
}

/// Returns the checksum of an encoded mark. Without a checksum, a damaged mark could end or lengthen every lifetime in
/// the store.
fn compute_checksum(bytes: &[u8]) -> [u8; size_of::<u64>()] {
    SipHasher24::new().hash(bytes).to_le_bytes()
}

/// The beginning of 2020, in milliseconds since the Unix epoch. A wall clock that shows an earlier time was never set,
/// as on a device without a battery.
const WALL_MIN: u64 = 1_577_836_800_000;
/// If the wall clock moved by at least this many milliseconds relative to the boot-time clock, it was set; smaller
/// deviations are gradual adjustments.
const WALL_STEP_MIN: u64 = 1000;
/// Maximum age of the mark in the file, in milliseconds. An idle store writes a new mark at this interval.
const MARK_AGE_MAX: u64 = 3_600_000;
