//! Checks the order of messages in a shared subscription: each member must receive those of a publisher in order.

use crate::number::length;
use crate::stamp::Stamp;

/// The lowest sequence number that may arrive next, by publisher and subscriber.
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

    /// Records a delivery to a subscriber. A repeated message is not a fault of the order.
    pub(super) fn record(&mut self, subscriber: usize, stamp: &Stamp) {
        let index = length(u64::from(stamp.publisher)).saturating_mul(self.subscribers) + subscriber;
        let Some(next) = self.next.get_mut(index) else { return };
        self.faults += u64::from(stamp.sequence + 1 < *next);
        *next = (*next).max(stamp.sequence + 1);
    }

    /// Number of messages that arrived after a later one of the same publisher.
    pub(super) const fn faults(&self) -> u64 {
        self.faults
    }
}
