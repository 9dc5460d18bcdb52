//! Checks the order of messages in a shared subscription: each member must receive the messages of a publisher in
//! order.

use crate::number::length;
use crate::stamp::Stamp;

/// Lists, for each publisher and subscriber, the lowest sequence number that may arrive next.
#[derive(Debug)]
pub(super) struct OrderChecker {
    subscribers: usize,
    next_expected: Vec<u64>,
    faults: u64,
}

impl OrderChecker {
    pub(super) fn new(publishers: usize, subscribers: usize) -> Self {
        Self { subscribers, next_expected: vec![0; publishers.saturating_mul(subscribers)], faults: 0 }
    }

    /// Records a delivery to a subscriber. A repeated message is not a fault of the order.
    pub(super) fn record(&mut self, subscriber: usize, stamp: &Stamp) {
        let index = length(u64::from(stamp.publisher)).saturating_mul(self.subscribers) + subscriber;
        let Some(next_expected) = self.next_expected.get_mut(index) else { return };
        self.faults += u64::from(stamp.sequence + 1 < *next_expected);
        *next_expected = (*next_expected).max(stamp.sequence + 1);
    }

    /// Returns the number of messages that arrived after a later message of the same publisher.
    pub(super) const fn faults(&self) -> u64 {
        self.faults
    }
}
