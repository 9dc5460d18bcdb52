//! The messages that a topic may have as its retained message. Each topic has one sender, which numbers its messages.

use std::collections::{BTreeMap, HashMap};

/// The retained messages sent to one topic.
#[derive(Debug, Default)]
pub struct RetainedTopic {
    /// The sequence number of the newest acknowledged message.
    acknowledged: u64,
    /// The sent messages by sequence number, and whether each deletes the retained message.
    sent: BTreeMap<u64, bool>,
}

/// The newest acknowledged message of each topic, at one moment.
pub type NewestAcknowledged = HashMap<String, u64>;

impl RetainedTopic {
    pub(super) fn send(&mut self, sequence: u64, deletes: bool) {
        self.sent.insert(sequence, deletes);
    }

    pub(super) fn acknowledge(&mut self, sequence: u64) {
        self.acknowledged = self.acknowledged.max(sequence);
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Whether `held` may be the topic's retained message (`None`: the topic has none), if the message `floor` was
    /// acknowledged before the subscriber subscribed.
    pub(super) fn allows(&self, held: Option<u64>, floor: u64) -> bool {
        match held {
            Some(sequence) => sequence >= floor && self.sent.get(&sequence) == Some(&false),
            None => floor == 0 || self.sent.range(floor..).any(|(_, deletes)| *deletes),
        }
    }

    /// Removes messages so old that no observation in progress can still receive them.
    pub(super) fn forget(&mut self) {
        let keep = self.acknowledged.saturating_sub(SEQUENCES_KEPT);
        self.sent.retain(|sequence, _| *sequence >= keep);
    }
}

const SEQUENCES_KEPT: u64 = 100_000;
