//! The interface between the event loop and the check of the deliveries.

use crate::faults::Faults;
use crate::stamp::Stamp;

/// Knows which message must reach which subscriber, and finds the faults.
pub trait DeliveryChecker {
    /// Records a delivery with an intact payload.
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp);
    /// Records a delivery with a corrupt payload.
    fn record_corrupt(&mut self);
    /// Number of messages delivered so far, duplicates not counted.
    fn delivered(&self) -> u64;
    /// How many of the `sent` messages of this publisher have not reached all their subscribers.
    fn outstanding(&self, publisher: usize, sent: u64) -> u64;
    /// True when all `sent` messages of this publisher have been delivered.
    fn is_complete(&self, publisher: usize, sent: u64) -> bool;
    /// The faults at the end of the run. `sent` has the number of sent messages per publisher.
    fn final_faults(&self, sent: &[u64]) -> Faults;
}
