//! One message, to whom it is due, and who received it.

use std::collections::BTreeMap;

use tidegate_mqtt::QoS;

use super::{is_shared, matches};

/// Names a message. Its payload is this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::crash) struct Number(pub(in crate::crash) usize);

/// What is known about a message.
#[derive(Default)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// The payload is empty: it removes the retained message of its topic.
    pub(super) is_empty: bool,
    /// When it was sent for the first time.
    pub(super) sent_at: u64,
    /// From when on the broker cannot handle it any more.
    pub(super) closed_at: Option<u64>,
    /// The broker has acknowledged it.
    pub(super) is_promised: bool,
    /// The clients that had a subscription all the time, and the least QoS that they were granted.
    pub(super) due: BTreeMap<usize, QoS>,
    /// The shared subscription had a member all the time.
    pub(super) is_due_to_group: bool,
    /// By client and session.
    pub(super) copies: BTreeMap<(usize, u32), Copies>,
}

/// How often a session received a message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Copies {
    pub(super) all: usize,
    /// Those at QoS 2.
    pub(super) exactly_once: usize,
    /// The session survives a crash.
    pub(super) is_stored: bool,
}

/// How a message comes to a client.
pub(in crate::crash) struct Delivery {
    pub(in crate::crash) qos: QoS,
    /// As a retained message, after SUBSCRIBE.
    pub(in crate::crash) is_replay: bool,
    /// To a session that survives a crash.
    pub(in crate::crash) is_stored: bool,
}

impl Message {
    pub(super) fn new(topic: String, qos: QoS, retain: bool, is_empty: bool, sent_at: u64) -> Self {
        Self { topic, qos, retain, is_empty, sent_at, ..Self::default() }
    }

    /// Whether only the shared subscription matches it.
    pub(super) fn is_shared(&self) -> bool {
        self.topic.starts_with("s/")
    }

    /// Whether the broker may still have to handle it, and it matches `filter`.
    pub(super) fn is_open_for(&self, filter: &str) -> bool {
        !self.is_promised && (is_shared(filter) == self.is_shared()) && matches(filter, &self.topic)
    }
}
