//! The account of one stream of messages from one publisher to one subscriber.

use std::collections::HashSet;

use serde::Serialize;

use crate::number::count;

/// What went wrong with messages. All zero in a good run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// Sent and never delivered.
    pub lost: u64,
    /// Delivered more than once.
    pub duplicated: u64,
    /// Delivered after a later message of the same stream.
    pub out_of_order: u64,
    /// The payload differs from what was sent, or the sequence number was never sent.
    pub corrupt: u64,
    /// Delivered to a subscriber it was not meant for, or under another topic.
    pub misdelivered: u64,
    /// Sent at QoS 1 or 2 and not acknowledged at the end, acknowledged with an error, or acknowledged without reason.
    pub acknowledgement: u64,
}

impl Faults {
    /// All kinds together.
    pub const fn total(&self) -> u64 {
        self.lost
            + self.duplicated
            + self.out_of_order
            + self.corrupt
            + self.misdelivered
            + self.acknowledgement
    }

    /// Adds another account's faults.
    pub const fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
        self.corrupt += other.corrupt;
        self.misdelivered += other.misdelivered;
        self.acknowledgement += other.acknowledgement;
    }
}

/// How many missing numbers are remembered a stream; a gap beyond it is taken for a corrupt number.
const GAP_MAX: u64 = 1_000_000;

/// Which sequence numbers have come.
#[derive(Debug, Default)]
pub struct Ledger {
    expected: u64,
    missing: HashSet<u64>,
    faults: Faults,
}

impl Ledger {
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
    pub fn come(&self) -> u64 {
        self.expected - count(self.missing.len())
    }

    /// One more than the highest number that has come.
    pub const fn expected(&self) -> u64 {
        self.expected
    }

    /// True when nothing is outstanding of `sent` messages.
    pub fn is_settled(&self, sent: u64) -> bool {
        self.expected >= sent && self.missing.is_empty()
    }

    /// The faults, now that nothing more will come of the `sent` messages.
    pub fn close(&self, sent: u64) -> Faults {
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
