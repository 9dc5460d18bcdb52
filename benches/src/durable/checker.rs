//! Checks the deliveries to persistent sessions: each session must receive all messages of its topic.

use crate::faults::Faults;
use crate::number::{count, length};
use crate::sequence_tracker::SequenceTracker;
use crate::stamp::Stamp;
use crate::traffic::DeliveryChecker;

/// Checks all sessions, with one sequence tracker per session. A publisher publishes to its n topics in turn, so each
/// topic gets every n-th message.
#[derive(Debug)]
pub struct SessionChecker {
    topics: Vec<String>,
    topics_per_publisher: usize,
    sessions_per_topic: usize,
    trackers: Vec<SequenceTracker>,
    faults: Faults,
    delivered: u64,
}

impl SessionChecker {
    /// Creates a checker that expects the messages of each topic at `sessions_per_topic` sessions. Each publisher has
    /// `topics_per_publisher` of the topics.
    pub fn new(topics: Vec<String>, topics_per_publisher: usize, sessions_per_topic: usize) -> Self {
        let trackers = (0..topics.len() * sessions_per_topic).map(|_| SequenceTracker::default()).collect();
        let (topics_per_publisher, faults) = (topics_per_publisher.max(1), Faults::default());
        Self { topics, topics_per_publisher, sessions_per_topic, trackers, faults, delivered: 0 }
    }

    /// Creates a checker that expects no deliveries, for a run without connected sessions.
    pub fn without_sessions() -> Self {
        Self::new(Vec::new(), 1, 0)
    }

    /// Returns how many messages a publisher has sent to the topic with index `topic`, if it has sent `sent` messages
    /// to all its topics together.
    pub fn messages_of_topic(&self, topic: usize, sent: u64) -> u64 {
        let turn = count(topic % self.topics_per_publisher);
        let each = count(self.topics_per_publisher);
        sent.saturating_sub(turn).div_ceil(each)
    }

    /// Returns whether the session has received all messages of its topic. `sent` is the number of messages that the
    /// publisher has sent to all its topics together.
    pub fn has_all_messages(&self, session: usize, sent: u64) -> bool {
        let topic = session / self.sessions_per_topic.max(1);
        self.trackers
            .get(session)
            .is_some_and(|tracker| tracker.is_complete(self.messages_of_topic(topic, sent)))
    }

    /// Returns the tracker of a session, and the sequence number of the message among the messages of its topic.
    /// Returns `None` if the message was misdelivered.
    fn tracker_of(
        &mut self,
        session: usize,
        topic: &[u8],
        stamp: &Stamp,
    ) -> Option<(&mut SequenceTracker, u64)> {
        let index = session / self.sessions_per_topic.max(1);
        let each = count(self.topics_per_publisher);
        let written = length(u64::from(stamp.publisher) * each + stamp.sequence % each);
        if written != index || self.topics.get(index)?.as_bytes() != topic {
            return None;
        }
        Some((self.trackers.get_mut(session)?, stamp.sequence / each))
    }

    fn sessions_of(&self, publisher: usize) -> std::ops::Range<usize> {
        let each = self.topics_per_publisher * self.sessions_per_topic;
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
        sent.saturating_sub(slowest * count(self.topics_per_publisher))
    }

    fn is_complete(&self, publisher: usize, sent: u64) -> bool {
        self.sessions_of(publisher).all(|session| self.has_all_messages(session, sent))
    }

    fn final_faults(&self, sent: &[u64]) -> Faults {
        let mut faults = self.faults;
        for (session, tracker) in self.trackers.iter().enumerate() {
            let topic = session / self.sessions_per_topic.max(1);
            let sent = sent.get(topic / self.topics_per_publisher).copied().unwrap_or_default();
            faults.add(&tracker.final_faults(self.messages_of_topic(topic, sent)));
        }
        faults
    }
}

#[cfg(test)]
mod tests;
