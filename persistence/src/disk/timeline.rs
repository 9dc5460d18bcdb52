//! Continues the store time after a restart. A **time mark** in the file says what the clocks showed at a known store time.
//! If the machine was not booted since, its boot-time clock tells exactly how long the store was closed. Otherwise only the
//! wall clock can tell. It may be wrong, so it counts for a limited time.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{BootId, Clock, ClockReading, Clocks, millis};

#[cfg(test)]
mod tests;

/// The store time of an open store, and the time mark in its file.
pub(super) struct Timeline {
    clocks: Arc<dyn Clocks>,
    /// When the store was opened.
    opened: TimeMark,
    clock: Clock,
    /// The mark in the file; `None` if it has none.
    written: Option<TimeMark>,
}

/// A store time, and what the clocks showed then, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeMark {
    store_time: u64,
    since_boot: u64,
    wall: u64,
    /// `None` if the id of the boot could not be read.
    boot: Option<BootId>,
}

impl Timeline {
    /// Continues the store time from the mark in the file. After a boot of the machine, at most `downtime_max` counts. A
    /// file without a mark is new, or was last written by a version that stored Unix times.
    pub(super) fn open(clocks: Arc<dyn Clocks>, written: Option<TimeMark>, downtime_max: Duration) -> Self {
        let reading = clocks.read();
        let (wall, since_boot) = (millis(reading.wall), millis(reading.since_boot));
        let mut opened = TimeMark { store_time: wall, since_boot, wall, boot: clocks.boot_id().ok() };
        if let Some(written) = written {
            opened.store_time =
                written.store_time.saturating_add(written.downtime(&opened, millis(downtime_max)));
        }
        let clock = Clock { now: reading.now, store_time: opened.store_time };
        Self { clocks, opened, clock, written }
    }

    /// Converts between store time and the monotonic clock.
    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    /// The mark of the current time.
    pub(super) fn mark(&self) -> TimeMark {
        let ClockReading { since_boot, wall, .. } = self.clocks.read();
        let since_boot = millis(since_boot);
        let open_for = since_boot.saturating_sub(self.opened.since_boot);
        let store_time = self.opened.store_time.saturating_add(open_for);
        TimeMark { store_time, since_boot, wall: millis(wall), boot: self.opened.boot }
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

    /// Records that the file now has this mark.
    pub(super) fn mark_written(&mut self, mark: TimeMark) {
        self.written = Some(mark);
    }
}

impl TimeMark {
    /// Store time, boot-time clock and wall clock (u64, little-endian), then the boot id (zeros if unknown).
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = [self.store_time, self.since_boot, self.wall].map(u64::to_le_bytes).concat();
        bytes.extend_from_slice(&self.boot.map_or([0; BootId::SIZE], |boot| boot.0));
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` if the length is wrong.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (store_time, rest) = bytes.split_first_chunk()?;
        let (since_boot, rest) = rest.split_first_chunk()?;
        let (wall, rest) = rest.split_first_chunk()?;
        let boot: [u8; BootId::SIZE] = rest.try_into().ok()?;
        let [store_time, since_boot, wall] =
            [store_time, since_boot, wall].map(|number| u64::from_le_bytes(*number));
        Some(Self { store_time, since_boot, wall, boot: (boot != [0; BootId::SIZE]).then_some(BootId(boot)) })
    }

    /// Milliseconds from this mark, which is in the file, until `opened`.
    fn downtime(&self, opened: &Self, downtime_max: u64) -> u64 {
        if self.boot.is_some() && self.boot == opened.boot {
            return opened.since_boot.saturating_sub(self.since_boot);
        }
        let are_set = self.wall >= WALL_MIN && opened.wall >= WALL_MIN;
        if are_set { opened.wall.saturating_sub(self.wall).min(downtime_max) } else { 0 }
    }

    /// How far the wall clock is ahead of the store time.
    fn wall_offset(&self) -> i64 {
        self.wall.wrapping_sub(self.store_time).cast_signed()
    }
}

/// A wall clock that shows a time before 2020 was never set, as on a device without a battery. In milliseconds since the
/// Unix epoch.
const WALL_MIN: u64 = 1_577_836_800_000;
/// A difference of the wall clock, in milliseconds, above which it was set rather than adjusted gradually.
const WALL_STEP_MIN: u64 = 1000;
/// Maximum age of the mark, in milliseconds. An idle store writes one at this interval.
const MARK_AGE_MAX: u64 = 3_600_000;
