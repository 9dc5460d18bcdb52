//! The faults that a run can find in the delivery of messages.

use serde::Serialize;

/// Number of faulty messages by kind of fault. All are zero in a run without faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// Sent but never delivered.
    pub lost: u64,
    /// Delivered more than once.
    pub duplicated: u64,
    /// Delivered after a later message of the same stream.
    pub out_of_order: u64,
    /// The payload differs from the one that was sent, or a sequence number was never sent.
    pub corrupt: u64,
    /// Delivered to a subscriber without a matching subscription, or under another topic.
    pub misdelivered: u64,
    /// Acknowledgements of QoS 1 and 2 that were missing at the end, unexpected, or reported an error.
    pub acknowledgement: u64,
}

impl Faults {
    /// The sum over all kinds.
    pub const fn total(&self) -> u64 {
        self.lost
            + self.duplicated
            + self.out_of_order
            + self.corrupt
            + self.misdelivered
            + self.acknowledgement
    }

    /// Adds the faults of another part of the run.
    pub const fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
        self.corrupt += other.corrupt;
        self.misdelivered += other.misdelivered;
        self.acknowledgement += other.acknowledgement;
    }
}
