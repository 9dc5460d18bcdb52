//! The book of durable sessions: one ledger a session, for its share of its publisher's messages.

use crate::faults::Faults;
use crate::number::{count, length};
use crate::sequence_tracker::SequenceTracker;
use crate::stamp::Stamp;
use crate::traffic::DeliveryChecker;

/// One ledger a session. A publisher writes to its topics in turn, so of its messages each topic has every so-manieth.
#[derive(Debug)]
pub struct SessionChecker {
    topics: Vec<String>,
    topics_each: usize,
    sessions_each: usize,
    trackers: Vec<SequenceTracker>,
    faults: Faults,
    delivered: u64,
}

impl SessionChecker {
    /// An empty book of `topics`, of which each publisher has `topics_each`, with `sessions_each` sessions a topic.
    pub fn new(topics: Vec<String>, topics_each: usize, sessions_each: usize) -> Self {
        let trackers = (0..topics.len() * sessions_each).map(|_| SequenceTracker::default()).collect();
        let (topics_each, faults) = (topics_each.max(1), Faults::default());
        Self { topics, topics_each, sessions_each, trackers, faults, delivered: 0 }
    }

    /// A book that expects no deliveries: nobody is connected.
    pub fn without_sessions() -> Self {
        Self::new(Vec::new(), 1, 0)
    }

    /// How many of `sent` messages of its publisher went to the topic with this index.
    pub fn messages_of_topic(&self, topic: usize, sent: u64) -> u64 {
        let turn = count(topic % self.topics_each);
        let each = count(self.topics_each);
        sent.saturating_sub(turn).div_ceil(each)
    }

    /// Whether all of `sent` messages of its publisher that are for this session have come.
    pub fn has_all_messages(&self, session: usize, sent: u64) -> bool {
        let topic = session / self.sessions_each.max(1);
        self.trackers
            .get(session)
            .is_some_and(|tracker| tracker.is_complete(self.messages_of_topic(topic, sent)))
    }

    /// The ledger of a session, and the how-manieth message of its topic this is.
    fn tracker_of(
        &mut self,
        session: usize,
        topic: &[u8],
        stamp: &Stamp,
    ) -> Option<(&mut SequenceTracker, u64)> {
        let index = session / self.sessions_each.max(1);
        let each = count(self.topics_each);
        let written = length(u64::from(stamp.publisher) * each + stamp.sequence % each);
        if written != index || self.topics.get(index)?.as_bytes() != topic {
            return None;
        }
        Some((self.trackers.get_mut(session)?, stamp.sequence / each))
    }

    fn sessions_of(&self, publisher: usize) -> std::ops::Range<usize> {
        let each = self.topics_each * self.sessions_each;
        publisher * each..(publisher + 1) * each
    }
}

impl DeliveryChecker for SessionChecker {
    fn record(&mut self, subscriber: usize, topic: &[u8], stamp: &Stamp) {
        match self.tracker_of(subscriber, topic, stamp).map(|(tracker, sequence)| tracker.record(sequence)) {
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
        let expected = |session: usize| self.trackers.get(session).map_or(0, SequenceTracker::next_expected);
        let slowest = self.sessions_of(publisher).map(expected).min().unwrap_or(sent);
        sent.saturating_sub(slowest * count(self.topics_each))
    }

    fn is_complete(&self, publisher: usize, sent: u64) -> bool {
        self.sessions_of(publisher).all(|session| self.has_all_messages(session, sent))
    }

    fn final_faults(&self, sent: &[u64]) -> Faults {
        let mut faults = self.faults;
        for (session, tracker) in self.trackers.iter().enumerate() {
            let topic = session / self.sessions_each.max(1);
            let sent = sent.get(topic / self.topics_each).copied().unwrap_or_default();
            faults.add(&tracker.final_faults(self.messages_of_topic(topic, sent)));
        }
        faults
    }
}

#[cfg(test)]
mod tests;
