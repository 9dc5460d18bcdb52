//! Limits lines by kind: so many in a window of time, the rest is counted. Time is an argument.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use rustc_hash::FxHasher;
use tracing::{Level, Metadata};

/// All lines that are logged at one place in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind(u64);

impl Kind {
    /// The kind of a line. For lines of the `log` facade, this needs their normalized metadata.
    pub(super) fn of(metadata: &Metadata<'_>) -> Self {
        let mut hasher = FxHasher::default();
        (metadata.target(), metadata.file(), metadata.line()).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The kind of all lines beyond [`KINDS_MAX`] kinds.
    const OTHERS: Self = Self(0);
}

/// Counts the lines of each kind in windows of time. A window begins with the first line of its kind.
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
    /// The level of the first.
    pub(super) level: Level,
    /// Their number.
    pub(super) lines: u64,
    /// The message of the first.
    pub(super) example: String,
}

impl Limiter {
    /// Whether a line may be written now. If not, the line is counted, and `describe` may be called.
    pub(super) fn admit(&mut self, kind: Kind, now: Instant, describe: impl FnOnce() -> Suppressed) -> bool {
        let is_known = self.windows.contains_key(&kind) || self.windows.len() < KINDS_MAX;
        let kind = if is_known { kind } else { Kind::OTHERS };
        let end = now + WINDOW;
        let window = self.windows.entry(kind).or_insert(Window { end, written: 0, suppressed: None });
        if window.end <= now {
            // What was suppressed is still to be reported.
            (window.end, window.written) = (end, 0);
        }
        if window.written < LINES_MAX {
            window.written += 1;
            return true;
        }
        window.suppressed.get_or_insert_with(describe).lines += 1;
        false
    }

    /// Forgets the windows that are over. Returns what was suppressed in them.
    pub(super) fn take_report(&mut self, now: Instant) -> Vec<Suppressed> {
        let is_over = |_: &Kind, window: &mut Window| window.end <= now;
        self.windows.extract_if(is_over).filter_map(|(_, window)| window.suppressed).collect()
    }

    /// When the next window is over.
    pub(super) fn next_report(&self) -> Option<Instant> {
        self.windows.values().map(|window| window.end).min()
    }
}

/// Lines of one kind that are written in one window: enough to see several peers fail in different ways.
pub(super) const LINES_MAX: u32 = 20;
/// The length of a window. With [`LINES_MAX`], a kind writes at most two lines each second.
pub(super) const WINDOW: Duration = Duration::from_secs(10);
/// Kinds with a window at the same time. The number of places that log is small and fixed; this is a safeguard.
const KINDS_MAX: usize = 256;

#[cfg(test)]
mod tests;
