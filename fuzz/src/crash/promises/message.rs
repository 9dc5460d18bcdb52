//! A published message: the sessions that must receive it, and the sessions that have received it.

use std::collections::BTreeMap;

use tidegate_mqtt::QoS;

use super::{is_shared, matches};

/// Identifies a message. The payload of the message is this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::crash) struct MessageNumber(pub(in crate::crash) usize);

/// State of a published message, as seen by the clients.
#[derive(Default)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) qos: QoS,
    pub(super) retain: bool,
    /// Whether the payload is empty, so that the message removes the retained message of its topic.
    pub(super) is_empty: bool,
    /// Step at which the message was first sent.
    pub(super) sent_at: u64,
    /// Step at which the message was acknowledged or abandoned. The broker receives no further copy of it afterwards.
    pub(super) closed_at: Option<u64>,
    /// Whether the broker has acknowledged the message.
    pub(super) is_promised: bool,
    /// The clients that had a matching subscription from the first transmission on, with the lowest QoS granted to
    /// each.
    pub(super) due: BTreeMap<usize, QoS>,
    /// Whether the shared subscription had a member from the first transmission on.
    pub(super) is_due_to_group: bool,
    /// Deliveries of the message, by client and session.
    pub(super) copies: BTreeMap<(usize, u32), Copies>,
}

/// Number of times that a session received a message.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Copies {
    /// Number of deliveries at any QoS.
    pub(super) all: usize,
    /// Number of deliveries at QoS 2.
    pub(super) exactly_once: usize,
    /// Whether the session survives a crash.
    pub(super) is_stored: bool,
}

/// Describes how a message reached a client.
pub(in crate::crash) struct Delivery {
    pub(in crate::crash) qos: QoS,
    /// Whether the message was sent as a retained message after SUBSCRIBE.
    pub(in crate::crash) is_replay: bool,
    /// Whether the message was sent to a session that survives a crash.
    pub(in crate::crash) is_stored: bool,
}

impl Message {
    pub(super) fn new(topic: String, qos: QoS, retain: bool, is_empty: bool, sent_at: u64) -> Self {
        Self { topic, qos, retain, is_empty, sent_at, ..Self::default() }
    }

    /// Returns whether only the shared subscription matches the message.
    pub(super) fn is_shared(&self) -> bool {
        self.topic.starts_with("s/")
    }

    /// Returns whether the broker has not acknowledged the message yet and `filter` matches its topic.
    pub(super) fn is_open_for(&self, filter: &str) -> bool {
        !self.is_promised && (is_shared(filter) == self.is_shared()) && matches(filter, &self.topic)
    }
}
