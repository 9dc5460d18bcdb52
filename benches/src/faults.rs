//! The faults that a run can find in the delivery of messages.

use serde::Serialize;

/// Numbers of faulty messages by kind of fault. In a run without faults, all numbers are zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Faults {
    /// Number of messages that were sent but never delivered.
    pub lost: u64,
    /// Number of deliveries of messages that had already been delivered.
    pub duplicated: u64,
    /// Number of messages that were delivered after a later message of the same stream.
    pub out_of_order: u64,
    /// Number of deliveries whose payload differs from the payload that was sent, or whose sequence number was never
    /// sent.
    pub corrupt: u64,
    /// Number of deliveries to a subscriber without a matching subscription, or with another topic than the message was
    /// published to.
    pub misdelivered: u64,
    /// Number of acknowledgements of QoS 1 and 2 that were missing at the end, were unexpected, or reported an error.
    pub acknowledgement: u64,
}

impl Faults {
    /// Returns the sum over all kinds of fault.
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
