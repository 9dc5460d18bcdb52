//! The book of durable sessions: one ledger a session, for its share of its publisher's messages.

use crate::ledger::{Faults, Ledger};
use crate::number::{count, length};
use crate::stamp::Stamp;
use crate::traffic::Book;

/// One ledger a session. A publisher writes to its topics in turn, so of its messages each topic has every so-manieth.
#[derive(Debug)]
pub struct Account {
    topics: Vec<String>,
    topics_each: usize,
    sessions_each: usize,
    ledgers: Vec<Ledger>,
    strays: Faults,
    delivered: u64,
}

impl Account {
    /// An empty book of `topics`, of which each publisher has `topics_each`, with `sessions_each` sessions a topic.
    pub fn new(topics: Vec<String>, topics_each: usize, sessions_each: usize) -> Self {
        let ledgers = (0..topics.len() * sessions_each).map(|_| Ledger::default()).collect();
        let (topics_each, strays) = (topics_each.max(1), Faults::default());
        Self { topics, topics_each, sessions_each, ledgers, strays, delivered: 0 }
    }

    /// A book that expects no deliveries: nobody is connected.
    pub fn of_nobody() -> Self {
        Self::new(Vec::new(), 1, 0)
    }

    /// How many of `sent` messages of its publisher went to the topic with this index.
    pub fn share(&self, topic: usize, sent: u64) -> u64 {
        let turn = count(topic % self.topics_each);
        let each = count(self.topics_each);
        sent.saturating_sub(turn).div_ceil(each)
    }

    /// Whether all of `sent` messages of its publisher that are for this session have come.
    pub fn has_all(&self, session: usize, sent: u64) -> bool {
        let topic = session / self.sessions_each.max(1);
        self.ledgers.get(session).is_some_and(|ledger| ledger.is_settled(self.share(topic, sent)))
    }

    /// The ledger of a session, and the how-manieth message of its topic this is.
    fn entry(&mut self, session: usize, topic: &[u8], stamp: &Stamp) -> Option<(&mut Ledger, u64)> {
        let index = session / self.sessions_each.max(1);
        let each = count(self.topics_each);
        let written = length(u64::from(stamp.publisher) * each + stamp.sequence % each);
        if written != index || self.topics.get(index)?.as_bytes() != topic {
            return None;
        }
        Some((self.ledgers.get_mut(session)?, stamp.sequence / each))
    }

    fn sessions_of(&self, publisher: usize) -> std::ops::Range<usize> {
        let each = self.topics_each * self.sessions_each;
        publisher * each..(publisher + 1) * each
    }
}

impl Book for Account {
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp) {
        match self.entry(subscriber, topic, stamp).map(|(ledger, sequence)| ledger.record(sequence)) {
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
        let expected = |session: usize| self.ledgers.get(session).map_or(0, Ledger::expected);
        let slowest = self.sessions_of(publisher).map(expected).min().unwrap_or(sent);
        sent.saturating_sub(slowest * count(self.topics_each))
    }

    fn is_settled(&self, publisher: usize, sent: u64) -> bool {
        self.sessions_of(publisher).all(|session| self.has_all(session, sent))
    }

    fn close(&self, sent: &[u64]) -> Faults {
        let mut faults = self.strays;
        for (session, ledger) in self.ledgers.iter().enumerate() {
            let topic = session / self.sessions_each.max(1);
            let sent = sent.get(topic / self.topics_each).copied().unwrap_or_default();
            faults.add(&ledger.close(self.share(topic, sent)));
        }
        faults
    }
}

#[cfg(test)]
mod tests;
