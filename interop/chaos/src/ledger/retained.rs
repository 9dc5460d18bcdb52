//! What a topic may hold as its retained message. Each topic has one sender, whose messages are numbered.

use std::collections::{BTreeMap, HashMap};

/// The retained messages sent to one topic.
#[derive(Debug, Default)]
pub struct RetainedTopic {
    /// The number of the newest message that was acknowledged.
    acknowledged: u64,
    /// For the messages since then: whether it deletes.
    sent: BTreeMap<u64, bool>,
}

/// The newest acknowledged message of each topic, at one moment.
pub type Floors = HashMap<String, u64>;

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

    /// Whether the topic may hold that message (`None`: no message), if `floor` had been acknowledged before.
    pub(super) fn allows(&self, held: Option<u64>, floor: u64) -> bool {
        match held {
            Some(sequence) => sequence >= floor && self.sent.get(&sequence) == Some(&false),
            None => floor == 0 || self.sent.range(floor..).any(|(_, deletes)| *deletes),
        }
    }

    /// Keeps only what an observation that has begun may still see.
    pub(super) fn forget(&mut self) {
        let keep = self.acknowledged.saturating_sub(KEPT);
        self.sent.retain(|sequence, _| *sequence >= keep);
    }
}

const KEPT: u64 = 100_000;
