//! Messages that wait for a client: bounded in number and bytes, in order. Sends nothing.

use std::collections::VecDeque;
use std::time::Instant;

use crate::config::{Config, Overflow};
use crate::held::Held;
use crate::journal::Journal;
use crate::verdict::{Drop, Drops, Verdict};

/// The queue of a session; allocated only while messages wait.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    entries: VecDeque<Held>,
    bytes: usize,
    /// No queued message expires before this.
    earliest: Option<Instant>,
    /// Pushes that met a full queue since it was last swept.
    refusals: usize,
}

impl Queue {
    /// Queues `held` at the end. A full queue first loses what has expired, then its policy decides; a drop is
    /// counted in `drops`.
    pub(crate) fn push(
        &mut self,
        held: Held,
        config: &Config,
        now: Instant,
        drops: &mut Drops,
        journal: &mut Option<Box<Journal>>,
    ) -> Verdict {
        let size = held.message.size();
        if self.is_full(size, config) {
            self.sweep_sometimes(now, drops, journal);
        }
        while self.is_full(size, config) {
            let evicts = config.overflow == Overflow::DropOldest && size <= config.queue_bytes_max;
            let evicted = if evicts { self.pop() } else { None };
            let reason = if config.overflow == Overflow::Reject { Drop::Rejected } else { Drop::QueueFull };
            drops.add(reason, 1);
            note_done(journal, evicted.as_ref().unwrap_or(&held));
            if evicted.is_none() {
                return Verdict::Dropped(reason);
            }
        }
        self.append(held);
        Verdict::Queued
    }

    /// The oldest entry.
    pub(crate) fn pop(&mut self) -> Option<Held> {
        let held = self.entries.pop_front()?;
        self.bytes -= held.message.size();
        Some(held)
    }

    /// Drops and counts every expired message; cheap when none can be. `[MQTT5-3.3.2-5]`
    pub(crate) fn sweep(&mut self, now: Instant, drops: &mut Drops, journal: &mut Option<Box<Journal>>) {
        if self.earliest.is_none_or(|earliest| earliest > now) {
            return;
        }
        let before = self.entries.len();
        self.entries.retain(|held| {
            let expired = held.message.is_expired(now);
            if expired {
                note_done(journal, held);
            }
            !expired
        });
        let expired = before - self.entries.len();
        self.bytes = self.entries.iter().map(|held| held.message.size()).sum();
        self.earliest = self.entries.iter().filter_map(|held| held.message.expires_at()).min();
        self.refusals = 0;
        drops.add(Drop::Expired, u64::try_from(expired).unwrap_or(u64::MAX));
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        self.entries.capacity() * size_of::<Held>()
    }

    /// Sweeps a full queue, yet not at every push: a sweep costs its length.
    fn sweep_sometimes(&mut self, now: Instant, drops: &mut Drops, journal: &mut Option<Box<Journal>>) {
        self.refusals += 1;
        if self.refusals > self.entries.len() / 4 {
            self.sweep(now, drops, journal);
        }
    }

    /// Queues at the end whatever the bounds say: what a store kept was within them once.
    pub(crate) fn append(&mut self, held: Held) {
        self.bytes += held.message.size();
        if let Some(at) = held.message.expires_at() {
            self.earliest = Some(self.earliest.map_or(at, |earliest| earliest.min(at)));
        }
        self.entries.push_back(held);
    }

    fn is_full(&self, size: usize, config: &Config) -> bool {
        self.entries.len() >= config.queue_len_max || self.bytes.saturating_add(size) > config.queue_bytes_max
    }
}

fn note_done(journal: &mut Option<Box<Journal>>, held: &Held) {
    if let Some(journal) = journal {
        journal.note_done(held.number());
    }
}

#[cfg(test)]
mod tests;
