//! The book of fixed streams: one ledger a stream.

use super::Topology;
use super::order::Order;
use crate::ledger::{Faults, Ledger};
use crate::stamp::Stamp;
use crate::traffic::Book;

/// One ledger a stream, and the topic each publisher uses.
#[derive(Debug)]
pub struct Account {
    topology: Topology,
    topics: Vec<String>,
    ledgers: Vec<Ledger>,
    order: Order,
    strays: Faults,
    delivered: u64,
}

impl Account {
    /// An empty book; `topics` by publisher.
    pub fn new(topology: Topology, topics: Vec<String>) -> Self {
        let streams = topology.publishers().max(topology.subscribers());
        let ledgers = (0..streams).map(|_| Ledger::default()).collect();
        let order = Order::new(topology.publishers(), topology.subscribers());
        Self { topology, topics, ledgers, order, strays: Faults::default(), delivered: 0 }
    }

    /// Which stream leads from this publisher to this subscriber.
    fn stream(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp) -> Option<&mut Ledger> {
        let publisher = usize::try_from(stamp.publisher).ok()?;
        if self.topics.get(publisher)?.as_bytes() != topic {
            return None;
        }
        match self.topology {
            Topology::Pairs(_) if publisher != subscriber => None,
            Topology::Pairs(_) | Topology::FanOut(_) => self.ledgers.get_mut(subscriber),
            Topology::FanIn(_) | Topology::Shared { .. } => self.ledgers.get_mut(publisher),
        }
    }

    fn ledgers_of(&self, publisher: usize) -> impl Iterator<Item = &Ledger> {
        let range = match self.topology {
            Topology::FanOut(many) => 0..many,
            _ => publisher..publisher + 1,
        };
        self.ledgers.get(range).unwrap_or_default().iter()
    }
}

impl Book for Account {
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp) {
        let is_shared = matches!(self.topology, Topology::Shared { .. });
        if is_shared {
            self.order.record(subscriber, stamp);
        }
        let ledger = self.stream(subscriber, topic, stamp);
        let fresh = ledger.map(|ledger| match is_shared {
            true => ledger.record_in_any_order(stamp.sequence),
            false => ledger.record(stamp.sequence),
        });
        match fresh {
            Some(fresh) => self.delivered += u64::from(fresh),
            None => self.strays.misdelivered += 1,
        }
    }

    fn record_corrupt(&mut self) {
        self.strays.corrupt += 1;
    }

    fn delivered(&self) -> u64 {
        self.delivered
    }

    fn outstanding(&self, publisher: usize, sent: u64) -> u64 {
        let come =
            if matches!(self.topology, Topology::Shared { .. }) { Ledger::come } else { Ledger::expected };
        let slowest = self.ledgers_of(publisher).map(come).min().unwrap_or(0);
        sent.saturating_sub(slowest)
    }

    fn is_settled(&self, publisher: usize, sent: u64) -> bool {
        self.ledgers_of(publisher).all(|ledger| ledger.is_settled(sent))
    }

    fn close(&self, sent: &[u64]) -> Faults {
        let mut faults = self.strays;
        faults.out_of_order += self.order.faults();
        for (publisher, sent) in sent.iter().enumerate() {
            for ledger in self.ledgers_of(publisher) {
                faults.add(&ledger.close(*sent));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests;
