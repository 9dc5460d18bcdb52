//! The order of messages where several subscribers share them: each must see those of a publisher in their order.

use crate::number::length;
use crate::stamp::Stamp;

/// The least sequence number that may come next, by publisher and subscriber.
#[derive(Debug)]
pub(super) struct OrderChecker {
    subscribers: usize,
    next: Vec<u64>,
    faults: u64,
}

impl OrderChecker {
    pub(super) fn new(publishers: usize, subscribers: usize) -> Self {
        Self { subscribers, next: vec![0; publishers.saturating_mul(subscribers)], faults: 0 }
    }

    /// A message has come to the subscriber. The same one again is no matter of order.
    pub(super) fn record(&mut self, subscriber: usize, stamp: &Stamp) {
        let index = length(u64::from(stamp.publisher)).saturating_mul(self.subscribers) + subscriber;
        let Some(next) = self.next.get_mut(index) else { return };
        self.faults += u64::from(stamp.sequence + 1 < *next);
        *next = (*next).max(stamp.sequence + 1);
    }

    /// Messages that came after a later one of their publisher.
    pub(super) const fn faults(&self) -> u64 {
        self.faults
    }
}
