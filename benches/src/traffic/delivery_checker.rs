//! The interface between the event loop and the check of the deliveries.

use crate::faults::Faults;
use crate::stamp::Stamp;

/// Determines which message must reach which subscriber, and counts the faults.
pub trait DeliveryChecker {
    /// Records a delivery with an intact payload.
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp);
    /// Records a delivery with a corrupt payload.
    fn record_corrupt(&mut self);
    /// Returns the number of messages delivered so far. Duplicates are not counted.
    fn delivered(&self) -> u64;
    /// Returns how many of the `sent` messages of this publisher have not reached all their subscribers.
    fn outstanding(&self, publisher: usize, sent: u64) -> u64;
    /// Returns whether all `sent` messages of this publisher have been delivered.
    fn is_complete(&self, publisher: usize, sent: u64) -> bool;
    /// Returns the faults at the end of the run. `sent` contains the number of sent messages of each publisher.
    fn final_faults(&self, sent: &[u64]) -> Faults;
}
