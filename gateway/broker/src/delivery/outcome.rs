//! The verdicts of all receivers of one batch, and what the publisher is told.

use tidegate_persistence::Commit;
use tidegate_session::{Drop as Dropped, Verdict};

use super::Published;
use crate::counters::Counters;
use crate::receipt::Receipt;

/// The verdicts so far.
#[derive(Debug)]
pub(super) struct Outcome {
    matched: bool,
    taken: bool,
    refused: bool,
    retained: bool,
    commit: Commit,
}

impl Outcome {
    /// No verdict yet. `retained`: the commit of the retained messages, or that there was no room for them.
    pub(super) fn new(retained: Receipt<bool>) -> Self {
        let Receipt { outcome, commit } = retained;
        Self { matched: false, taken: false, refused: false, retained: outcome, commit }
    }

    pub(super) fn add(&mut self, receipt: Receipt<Verdict>) {
        self.matched = true;
        self.commit = self.commit.max(receipt.commit);
        match receipt.outcome {
            Verdict::Dropped(Dropped::Rejected) => self.refused = true,
            _ => self.taken = true,
        }
    }

    /// Something else that the answer has to wait for.
    pub(super) fn wait_for(&mut self, commit: Commit) {
        self.commit = self.commit.max(commit);
    }

    /// Counts messages that matched nothing; what the publisher of `messages` is told.
    pub(super) fn finish(&self, counters: &Counters, messages: u64) -> Receipt<Published> {
        if !self.matched {
            counters.unmatched.add(messages);
        }
        let published = match (self.retained, self.matched, self.refused && !self.taken) {
            (false, ..) | (_, _, true) => Published::Refused,
            (true, false, _) => Published::Unmatched,
            (true, true, false) => Published::Delivered,
        };
        Receipt::new(published, self.commit)
    }
}
