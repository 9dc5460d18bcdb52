//! What the subscribers of one run said, added up to what the publisher is told.

use tidegate_session::{Drop as Dropped, Verdict};

use super::Published;
use crate::cores::Core;

/// The verdicts so far.
pub(super) struct Outcome {
    matched: bool,
    taken: bool,
    refused: bool,
    retained: bool,
}

impl Outcome {
    /// No verdict yet; `retained` is false when the store was full.
    pub(super) fn new(retained: bool) -> Self {
        Self { matched: false, taken: false, refused: false, retained }
    }

    pub(super) fn add(&mut self, verdict: Verdict) {
        self.matched = true;
        match verdict {
            Verdict::Dropped(Dropped::Rejected) => self.refused = true,
            _ => self.taken = true,
        }
    }

    pub(super) fn finish(&self, core: &Core, messages: usize) -> Published {
        if !self.matched {
            core.counters.unmatched.add(u64::try_from(messages).unwrap_or(u64::MAX));
        }
        match (self.retained, self.matched, self.refused && !self.taken) {
            (false, ..) | (_, _, true) => Published::Refused,
            (true, false, _) => Published::Unmatched,
            (true, true, false) => Published::Delivered,
        }
    }
}
