//! The queue of messages that wait for a client, in order, bounded in number and bytes. The session sends the messages.

use std::collections::VecDeque;
use std::time::Instant;

use tidegate_limits::{QueueDecision, QueueLimits, QueueLoad, memory};

use crate::change_log::ChangeLog;
use crate::config::Config;
use crate::stored_delivery::StoredDelivery;
use crate::verdict::{DropReason, Drops, Verdict};

/// The queue of a session. The queue is allocated when the session's first message is queued.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    entries: VecDeque<StoredDelivery>,
    /// Total size of the messages in bytes.
    bytes: usize,
    /// Earliest expiry time of all queued messages, or an earlier time; `None` if no queued message expires.
    earliest_expiry: Option<Instant>,
    /// Number of pushes to a full queue since the last sweep (see [`Queue::sweep`]).
    pushes_to_full_queue: usize,
}

impl Queue {
    /// Appends `stored`. If the queue is full, drops expired messages (but does not look for them at every push), then
    /// applies the overflow policy. Dropped messages are counted in `drops`.
    pub(crate) fn push(
        &mut self,
        stored: StoredDelivery,
        config: &Config,
        now: Instant,
        drops: &mut Drops,
        change_log: &mut Option<Box<ChangeLog>>,
    ) -> Verdict {
        let size = stored.message.size();
        let limits = config.queue_limits();
        let mut decision = limits.decide(self.load(limits), size);
        if decision != QueueDecision::Append {
            self.sweep_if_worthwhile(now, drops, change_log);
            decision = limits.decide(self.load(limits), size);
        }
        loop {
            let reason = match decision {
                QueueDecision::Append => {
                    self.append(stored);
                    return Verdict::Queued;
                }
                QueueDecision::DropOldest | QueueDecision::DropNewest => DropReason::QueueFull,
                QueueDecision::Refuse(_) => DropReason::Rejected,
            };
            drops.add(reason, 1);
            let oldest = if decision == QueueDecision::DropOldest { self.pop() } else { None };
            record_done(change_log, oldest.as_ref().unwrap_or(&stored));
            if oldest.is_none() {
                return Verdict::Dropped(reason);
            }
            decision = limits.decide(self.load(limits), size);
        }
    }

    /// Removes and returns the oldest message.
    pub(crate) fn pop(&mut self) -> Option<StoredDelivery> {
        let stored = self.entries.pop_front()?;
        self.bytes -= stored.message.size();
        Some(stored)
    }

    /// Returns an upper bound of the number of bytes that the topic and the subscription identifiers of the oldest
    /// message need in a packet.
    pub(crate) fn head_len(&self) -> usize {
        let len = |stored: &StoredDelivery| {
            usize::from(stored.message.topic_len()) + 5 * stored.delivery().subscription_identifiers.len()
        };
        self.entries.front().map_or(0, len)
    }

    /// Drops and counts all expired messages. The call is cheap if no message can have expired. `[MQTT5-3.3.2-5]`
    pub(crate) fn sweep(&mut self, now: Instant, drops: &mut Drops, change_log: &mut Option<Box<ChangeLog>>) {
        if self.earliest_expiry.is_none_or(|earliest| earliest > now) {
            return;
        }
        let before = self.entries.len();
        self.entries.retain(|stored| {
            let expired = stored.message.is_expired(now);
            if expired {
                record_done(change_log, stored);
            }
            !expired
        });
        let expired = before - self.entries.len();
        self.bytes = self.entries.iter().map(|stored| stored.message.size()).sum();
        self.earliest_expiry = self.entries.iter().filter_map(|stored| stored.message.expires_at()).min();
        self.pushes_to_full_queue = 0;
        drops.add(DropReason::Expired, u64::try_from(expired).unwrap_or(u64::MAX));
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        self.entries.capacity() * size_of::<StoredDelivery>()
    }

    /// Sweeps a full queue only if more messages than a quarter of its length were pushed since the last sweep, because
    /// a sweep visits every entry.
    fn sweep_if_worthwhile(
        &mut self,
        now: Instant,
        drops: &mut Drops,
        change_log: &mut Option<Box<ChangeLog>>,
    ) {
        self.pushes_to_full_queue += 1;
        if self.pushes_to_full_queue > self.entries.len() / 4 {
            self.sweep(now, drops, change_log);
        }
    }

    /// Appends `stored` without checking the limits. A message restored from a store was within the limits when it was
    /// queued.
    pub(crate) fn append(&mut self, stored: StoredDelivery) {
        self.bytes += stored.message.size();
        if let Some(at) = stored.message.expires_at() {
            self.earliest_expiry = Some(self.earliest_expiry.map_or(at, |earliest| earliest.min(at)));
        }
        self.entries.push_back(stored);
    }

    /// Returns the load on which the overflow policy decides. If the queue is below its maximum length, first makes
    /// room for one more message.
    fn load(&mut self, limits: QueueLimits) -> QueueLoad {
        let len = self.entries.len();
        let has_memory = len < self.entries.capacity() || len >= limits.len_max || self.grow();
        QueueLoad { len, bytes: self.bytes, has_memory }
    }

    /// Makes room for one more message. Returns `false` if there is not enough memory.
    #[cold]
    fn grow(&mut self) -> bool {
        let capacity = self.capacity().saturating_mul(2);
        memory::check(capacity).is_ok() && self.entries.try_reserve(1).is_ok()
    }
}

fn record_done(change_log: &mut Option<Box<ChangeLog>>, stored: &StoredDelivery) {
    if let Some(change_log) = change_log {
        change_log.record_done(stored.message_id());
    }
}

#[cfg(test)]
mod tests;
