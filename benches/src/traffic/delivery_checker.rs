//! The interface between the loop and the account of its deliveries.

use crate::faults::Faults;
use crate::stamp::Stamp;

/// Knows which message must reach whom.
pub trait DeliveryChecker {
    /// Enters a delivery with an intact payload.
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp);
    /// Enters a delivery whose payload is not what was sent.
    fn record_corrupt(&mut self);
    /// Messages delivered so far, once each.
    fn delivered(&self) -> u64;
    /// How many of `sent` messages of this publisher have not reached all who must get them.
    fn outstanding(&self, publisher: usize, sent: u64) -> u64;
    /// True when this publisher's `sent` messages have all been delivered.
    fn is_complete(&self, publisher: usize, sent: u64) -> bool;
    /// The faults, given what each publisher sent, now that nothing more will come.
    fn final_faults(&self, sent: &[u64]) -> Faults;
}
