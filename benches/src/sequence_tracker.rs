//! The account of one stream of messages from one publisher to one subscriber.

use std::collections::HashSet;

use crate::faults::Faults;
use crate::number::count;

/// How many missing numbers are remembered a stream; a gap beyond it is taken for a corrupt number.
const GAP_MAX: u64 = 1_000_000;

/// Which sequence numbers have come.
#[derive(Debug, Default)]
pub struct SequenceTracker {
    expected: u64,
    missing: HashSet<u64>,
    faults: Faults,
}

impl SequenceTracker {
    /// Enters one delivered sequence number. True when it is a message that had not come before.
    pub fn record(&mut self, sequence: u64) -> bool {
        if sequence == self.expected {
            self.expected += 1;
            return true;
        }
        self.record_irregular(sequence)
    }

    /// The same where messages may overtake each other.
    pub fn record_in_any_order(&mut self, sequence: u64) -> bool {
        let out_of_order = self.faults.out_of_order;
        let fresh = self.record(sequence);
        self.faults.out_of_order = out_of_order;
        fresh
    }

    /// How many different numbers have come.
    pub fn received(&self) -> u64 {
        self.expected - count(self.missing.len())
    }

    /// One more than the highest number that has come.
    pub const fn next_expected(&self) -> u64 {
        self.expected
    }

    /// True when nothing is outstanding of `sent` messages.
    pub fn is_complete(&self, sent: u64) -> bool {
        self.expected >= sent && self.missing.is_empty()
    }

    /// The faults, now that nothing more will come of the `sent` messages.
    pub fn final_faults(&self, sent: u64) -> Faults {
        let mut faults = self.faults;
        faults.lost += count(self.missing.len()) + sent.saturating_sub(self.expected);
        faults.corrupt += self.expected.saturating_sub(sent);
        faults
    }

    fn record_irregular(&mut self, sequence: u64) -> bool {
        if sequence < self.expected {
            if self.missing.remove(&sequence) {
                self.faults.out_of_order += 1;
                return true;
            }
            self.faults.duplicated += 1;
            return false;
        }
        if sequence - self.expected > GAP_MAX - count(self.missing.len()).min(GAP_MAX) {
            self.faults.corrupt += 1;
            return false;
        }
        self.missing.extend(self.expected..sequence);
        self.expected = sequence + 1;
        true
    }
}

#[cfg(test)]
mod tests;
