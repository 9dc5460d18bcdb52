//! Backpressure from one client: what is written to it now, what waits in its queue, and what is dropped.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Decision, Refusal, Until};

/// What happens to a message when the session's queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest queued messages are dropped.
    #[default]
    DropOldest,
    /// The new message is dropped.
    DropNewest,
    /// The message is refused: its publisher gets reason code 0x97 (Quota exceeded).
    Reject,
}

/// Limits of the queue of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Maximum number of messages.
    pub len_max: usize,
    /// Maximum number of bytes.
    pub bytes_max: usize,
    /// What happens when a limit is reached.
    pub overflow: Overflow,
}

/// The present load of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLoad {
    /// Number of messages.
    pub len: usize,
    /// Number of bytes.
    pub bytes: usize,
    /// Whether there is memory for one more message.
    pub has_memory: bool,
}

/// What to do with a new message for a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a decision has to be carried out"]
pub enum QueueDecision {
    /// Append the message.
    Append,
    /// Drop the oldest message, then decide again.
    DropOldest,
    /// Drop the new message.
    DropNewest,
    /// Refuse the new message, and report this to its publisher.
    Refuse(Refusal),
}

impl QueueLimits {
    /// Decides about a message of `size` bytes.
    #[inline]
    pub fn decide(self, load: QueueLoad, size: usize) -> QueueDecision {
        let fits = load.len < self.len_max && load.bytes.saturating_add(size) <= self.bytes_max;
        if fits && load.has_memory {
            return QueueDecision::Append;
        }
        match self.overflow {
            Overflow::DropOldest if load.len > 0 && size <= self.bytes_max => QueueDecision::DropOldest,
            Overflow::DropOldest | Overflow::DropNewest => QueueDecision::DropNewest,
            Overflow::Reject => QueueDecision::Refuse(Refusal::QuotaExceeded),
        }
    }
}

/// Limits of the bytes that wait to be written to one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// If at least this number of bytes waits, QoS 1 and 2 messages stay in the queue.
    pub high: usize,
    /// Maximum number of waiting bytes: QoS 0 messages that would exceed it are dropped.
    pub max: usize,
}

impl OutputLimits {
    /// Decides whether `size` bytes at QoS 0 are written while `waiting` bytes wait. Never delays, because QoS 0
    /// messages are not queued.
    #[inline]
    pub fn admit_qos_0(self, waiting: usize, size: usize) -> Decision {
        if waiting + size <= self.max { Decision::Admit } else { Decision::Refuse(Refusal::TooSlow) }
    }

    /// Decides whether one more QoS 1 or 2 message is written while `waiting` bytes wait. Never refuses, because the
    /// message can wait in the queue.
    #[inline]
    pub fn admit_queued(self, waiting: usize) -> Decision {
        if waiting < self.high {
            Decision::Admit
        } else {
            Decision::Delay(Until::Unwritten(self.high.saturating_sub(1)))
        }
    }

    /// Decides whether several QoS 1 messages of `size` bytes are written together while `waiting` bytes wait. If they
    /// are not, the caller asks for each of them separately.
    #[inline]
    pub fn admit_together(self, waiting: usize, size: usize) -> Decision {
        if waiting + size <= self.high {
            Decision::Admit
        } else {
            Decision::Delay(Until::Unwritten(self.high.saturating_sub(size)))
        }
    }

    /// Whether the client reads fast enough, judging by the number of waiting bytes. If it does, QoS 0 messages that do
    /// not fit together are decided one by one; otherwise, all of them are dropped.
    #[must_use]
    pub fn keeps_up(self, waiting: usize) -> bool {
        waiting <= self.max / 2
    }
}

#[cfg(test)]
mod tests {
    use super::{OutputLimits, Overflow, QueueDecision, QueueLimits, QueueLoad};
    use crate::{Decision, Refusal, Until};

    const FULL: QueueLoad = QueueLoad { len: 2, bytes: 20, has_memory: true };

    fn decide(overflow: Overflow, load: QueueLoad, size: usize) -> QueueDecision {
        QueueLimits { len_max: 2, bytes_max: 100, overflow }.decide(load, size)
    }

    #[test]
    fn a_queue_with_room_takes_every_message_that_fits() {
        for overflow in [Overflow::DropOldest, Overflow::DropNewest, Overflow::Reject] {
            let load = QueueLoad { len: 1, ..FULL };
            assert_eq!(decide(overflow, load, 80), QueueDecision::Append);
            assert_ne!(decide(overflow, load, 81), QueueDecision::Append, "too many bytes");
            assert_ne!(decide(overflow, FULL, 1), QueueDecision::Append, "too many messages");
            let load = QueueLoad { has_memory: false, ..load };
            assert_ne!(decide(overflow, load, 1), QueueDecision::Append, "no memory");
        }
    }

    #[test]
    fn the_overflow_policy_decides_about_a_full_queue() {
        assert_eq!(decide(Overflow::DropOldest, FULL, 1), QueueDecision::DropOldest);
        assert_eq!(decide(Overflow::DropNewest, FULL, 1), QueueDecision::DropNewest);
        assert_eq!(decide(Overflow::Reject, FULL, 1), QueueDecision::Refuse(Refusal::QuotaExceeded));
    }

    #[test]
    fn no_message_is_dropped_for_one_that_cannot_fit() {
        assert_eq!(decide(Overflow::DropOldest, FULL, 101), QueueDecision::DropNewest);
        let empty = QueueLoad { len: 0, bytes: 0, has_memory: false };
        assert_eq!(decide(Overflow::DropOldest, empty, 1), QueueDecision::DropNewest);
    }

    #[test]
    fn a_slow_client_delays_queued_messages_and_loses_qos_0() {
        let limits = OutputLimits { high: 10, max: 40 };
        assert_eq!(limits.admit_queued(9), Decision::Admit);
        assert_eq!(limits.admit_queued(10), Decision::Delay(Until::Unwritten(9)));
        assert_eq!(limits.admit_together(4, 6), Decision::Admit);
        assert_eq!(limits.admit_together(5, 6), Decision::Delay(Until::Unwritten(4)));
        assert_eq!(limits.admit_qos_0(30, 10), Decision::Admit);
        assert_eq!(limits.admit_qos_0(30, 11), Decision::Refuse(Refusal::TooSlow));
        assert!(limits.keeps_up(20) && !limits.keeps_up(21));
    }
}
