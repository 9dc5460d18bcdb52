//! Checks the deliveries of fixed streams.

use super::Topology;
use super::order::OrderChecker;
use crate::faults::Faults;
use crate::sequence_tracker::SequenceTracker;
use crate::stamp::Stamp;
use crate::traffic::DeliveryChecker;

/// Checks all streams, with one sequence tracker per stream and the topic of each publisher.
#[derive(Debug)]
pub struct StreamChecker {
    topology: Topology,
    topics: Vec<String>,
    trackers: Vec<SequenceTracker>,
    order: OrderChecker,
    faults: Faults,
    delivered: u64,
}

impl StreamChecker {
    /// Creates a checker that expects deliveries on `topics`, which are one topic per publisher.
    pub fn new(topology: Topology, topics: Vec<String>) -> Self {
        let streams = topology.publishers().max(topology.subscribers());
        let trackers = (0..streams).map(|_| SequenceTracker::default()).collect();
        let order = OrderChecker::new(topology.publishers(), topology.subscribers());
        Self { topology, topics, trackers, order, faults: Faults::default(), delivered: 0 }
    }

    /// Returns the tracker of the stream from the publisher of `stamp` to this subscriber. Returns `None` if the
    /// message was misdelivered.
    fn tracker_of(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp) -> Option<&mut SequenceTracker> {
        let publisher = usize::try_from(stamp.publisher).ok()?;
        if self.topics.get(publisher)?.as_bytes() != topic {
            return None;
        }
        match self.topology {
            Topology::Pairs(_) if publisher != subscriber => None,
            Topology::Pairs(_) | Topology::FanOut(_) => self.trackers.get_mut(subscriber),
            Topology::FanIn(_) | Topology::Shared { .. } => self.trackers.get_mut(publisher),
        }
    }

    fn trackers_of(&self, publisher: usize) -> impl Iterator<Item = &SequenceTracker> {
        let range = match self.topology {
            Topology::FanOut(many) => 0..many,
            _ => publisher..publisher + 1,
        };
        self.trackers.get(range).unwrap_or_default().iter()
    }
}

impl DeliveryChecker for StreamChecker {
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp) {
        let is_shared = matches!(self.topology, Topology::Shared { .. });
        if is_shared {
            self.order.record(subscriber, stamp);
        }
        let tracker = self.tracker_of(subscriber, topic, stamp);
        let fresh = tracker.map(|tracker| match is_shared {
            true => tracker.record_in_any_order(stamp.sequence),
            false => tracker.record(stamp.sequence),
        });
        match fresh {
            Some(fresh) => self.delivered += u64::from(fresh),
            None => self.faults.misdelivered += 1,
        }
    }

    fn record_corrupt(&mut self) {
        self.faults.corrupt += 1;
    }

    fn delivered(&self) -> u64 {
        self.delivered
    }

    fn outstanding(&self, publisher: usize, sent: u64) -> u64 {
        let received = if matches!(self.topology, Topology::Shared { .. }) {
            SequenceTracker::received
        } else {
            SequenceTracker::next_expected
        };
        let slowest = self.trackers_of(publisher).map(received).min().unwrap_or(0);
        sent.saturating_sub(slowest)
    }

    fn is_complete(&self, publisher: usize, sent: u64) -> bool {
        self.trackers_of(publisher).all(|tracker| tracker.is_complete(sent))
    }

    fn final_faults(&self, sent: &[u64]) -> Faults {
        let mut faults = self.faults;
        faults.out_of_order += self.order.faults();
        for (publisher, sent) in sent.iter().enumerate() {
            for tracker in self.trackers_of(publisher) {
                faults.add(&tracker.final_faults(*sent));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests;
