//! Combines the verdicts of all receivers of one batch into the outcome for the publisher.

use tidegate_persistence::Commit;
use tidegate_session::{DropReason, Verdict};

use super::Published;
use crate::counters::Counters;
use crate::receipt::Receipt;

/// The combined verdicts so far.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Whether there is a receiver.
    matched: bool,
    /// Whether a receiver accepted the messages, or dropped them by its own policy.
    accepted: bool,
    /// Whether a receiver refused the messages.
    refused: bool,
    /// Whether all retained messages of the batch were kept.
    retained: bool,
    commit: Commit,
}

impl Outcome {
    /// Creates an outcome without any verdict. `retained` is the receipt for the batch's retained messages: whether all
    /// of them were kept, and their commit.
    pub(super) fn new(retained: Receipt<bool>) -> Self {
        let Receipt { outcome, commit } = retained;
        Self { matched: false, accepted: false, refused: false, retained: outcome, commit }
    }

    pub(super) fn add(&mut self, receipt: Receipt<Verdict>) {
        self.matched = true;
        self.commit = self.commit.max(receipt.commit);
        match receipt.outcome {
            Verdict::Dropped(DropReason::Rejected) => self.refused = true,
            _ => self.accepted = true,
        }
    }

    /// Makes the answer to the publisher wait for `commit` as well.
    pub(super) fn wait_for(&mut self, commit: Commit) {
        self.commit = self.commit.max(commit);
    }

    /// Counts the messages if no subscription matched, and returns the outcome for the publisher. `messages` is the
    /// number of messages in the batch.
    pub(super) fn finish(&self, counters: &Counters, messages: u64) -> Receipt<Published> {
        if !self.matched {
            counters.unmatched.add(messages);
        }
        let published = match (self.retained, self.matched, self.refused && !self.accepted) {
            (false, ..) | (_, _, true) => Published::Refused,
            (true, false, _) => Published::Unmatched,
            (true, true, false) => Published::Delivered,
        };
        Receipt::new(published, self.commit)
    }
}
