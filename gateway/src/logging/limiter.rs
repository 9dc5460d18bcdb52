//! Limits log lines by kind: in each time window, at most [`LINES_MAX`] lines of a kind are written, and the others are
//! only counted. The caller passes in the time.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use rustc_hash::FxHasher;
use tracing::{Level, Metadata};

/// A kind of log line: all lines that are logged by one statement in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind(u64);

impl Kind {
    /// Returns the kind of a line. For lines of the `log` facade, `metadata` must be normalized.
    pub(super) fn from_metadata(metadata: &Metadata<'_>) -> Self {
        let mut hasher = FxHasher::default();
        (metadata.target(), metadata.file(), metadata.line()).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The kind under which lines are counted together if there are already [`KINDS_MAX`] other kinds.
    const OTHERS: Self = Self(0);
}

/// Counts the lines of each kind in time windows. A window begins with the first line of its kind.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    windows: HashMap<Kind, Window>,
}

#[derive(Debug)]
struct Window {
    end: Instant,
    written: u32,
    suppressed: Option<Suppressed>,
}

/// The lines of one kind that were suppressed in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suppressed {
    /// The level of the first suppressed line.
    pub(super) level: Level,
    /// The number of suppressed lines.
    pub(super) lines: u64,
    /// The message of the first suppressed line.
    pub(super) example: String,
}

impl Limiter {
    /// Counts a line, and returns whether it may be written. `describe` is called for the first suppressed line of a
    /// window.
    pub(super) fn admit(&mut self, kind: Kind, now: Instant, describe: impl FnOnce() -> Suppressed) -> bool {
        let is_known = self.windows.contains_key(&kind) || self.windows.len() < KINDS_MAX;
        let kind = if is_known { kind } else { Kind::OTHERS };
        let end = now + WINDOW;
        let window = self.windows.entry(kind).or_insert(Window { end, written: 0, suppressed: None });
        if window.end <= now {
            // The suppressed lines of the former window are not reported yet, so they stay in `suppressed`.
            (window.end, window.written) = (end, 0);
        }
        if window.written < LINES_MAX {
            window.written += 1;
            return true;
        }
        window.suppressed.get_or_insert_with(describe).lines += 1;
        false
    }

    /// Removes the windows that have ended, and returns the lines that were suppressed in them.
    pub(super) fn take_report(&mut self, now: Instant) -> Vec<Suppressed> {
        let is_over = |_: &Kind, window: &mut Window| window.end <= now;
        self.windows.extract_if(is_over).filter_map(|(_, window)| window.suppressed).collect()
    }

    /// Returns the time at which the next window ends.
    pub(super) fn next_report(&self) -> Option<Instant> {
        self.windows.values().map(|window| window.end).min()
    }
}

/// Maximum number of lines of one kind that are written in one window. The limit is high enough to show several peers
/// that fail in different ways.
pub(super) const LINES_MAX: u32 = 20;
/// The length of a window. Together with [`LINES_MAX`], it limits each kind to two lines per second on average.
pub(super) const WINDOW: Duration = Duration::from_secs(10);
/// Maximum number of kinds that have a window at the same time. This is a safeguard: the number of statements that log
/// is small and fixed.
const KINDS_MAX: usize = 256;

#[cfg(test)]
mod tests;
