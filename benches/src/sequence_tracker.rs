//! Tracks the sequence numbers of one stream of messages, from one publisher to one subscriber.

use std::collections::HashSet;

use crate::faults::Faults;
use crate::number::count;

/// Maximum number of missing sequence numbers to remember per stream. A larger gap counts as a corrupt sequence number.
const GAP_MAX: u64 = 1_000_000;

/// Records which sequence numbers of a stream have been delivered.
#[derive(Debug, Default)]
pub struct SequenceTracker {
    next_expected: u64,
    missing: HashSet<u64>,
    faults: Faults,
}

impl SequenceTracker {
    /// Records one delivered sequence number. Returns whether the message is neither a duplicate nor corrupt.
    pub fn record(&mut self, sequence: u64) -> bool {
        if sequence == self.next_expected {
            self.next_expected += 1;
            return true;
        }
        self.record_irregular(sequence)
    }

    /// Records a delivered sequence number like `record`, but in a stream in which messages may overtake each other.
    pub fn record_in_any_order(&mut self, sequence: u64) -> bool {
        let out_of_order = self.faults.out_of_order;
        let fresh = self.record(sequence);
        self.faults.out_of_order = out_of_order;
        fresh
    }

    /// Returns the number of messages delivered. Duplicates are not counted.
    pub fn received(&self) -> u64 {
        self.next_expected - count(self.missing.len())
    }

    /// Returns the sequence number after the highest delivered one.
    pub const fn next_expected(&self) -> u64 {
        self.next_expected
    }

    /// Returns whether all of `sent` messages have been delivered.
    pub fn is_complete(&self, sent: u64) -> bool {
        self.next_expected >= sent && self.missing.is_empty()
    }

    /// Returns the faults at the end of a run in which `sent` messages were sent.
    pub fn final_faults(&self, sent: u64) -> Faults {
        let mut faults = self.faults;
        faults.lost += count(self.missing.len()) + sent.saturating_sub(self.next_expected);
        faults.corrupt += self.next_expected.saturating_sub(sent);
        faults
    }

    fn record_irregular(&mut self, sequence: u64) -> bool {
        if sequence < self.next_expected {
            if self.missing.remove(&sequence) {
                self.faults.out_of_order += 1;
                return true;
            }
            self.faults.duplicated += 1;
            return false;
        }
        if sequence - self.next_expected > GAP_MAX - count(self.missing.len()).min(GAP_MAX) {
            self.faults.corrupt += 1;
            return false;
        }
        self.missing.extend(self.next_expected..sequence);
        self.next_expected = sequence + 1;
        true
    }
}

#[cfg(test)]
mod tests;
