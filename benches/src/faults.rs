//! The faults that a run can find in the delivery of messages.

use serde::Serialize;

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
