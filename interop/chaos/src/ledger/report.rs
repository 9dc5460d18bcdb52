//! Reports from the ledger: missing messages, violations and totals.

use std::fmt;

use super::{Fate, Ledger};

/// The number of messages, copies and observations in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Number of messages that the broker acknowledged.
    pub acknowledged: u64,
    /// Number of messages that the broker refused.
    pub refused: u64,
    /// Number of copies that subscribers received.
    pub delivered: u64,
    /// Number of times that the retained messages were compared with the acknowledged ones.
    pub observations: u64,
}

impl Ledger {
    /// Describes the messages that the broker has not answered yet, and the acknowledged messages that a subscriber has
    /// not received: at most 20 unanswered ones, and at most 20 for each subscriber.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let open = self.messages.iter().filter(|(_, message)| message.fate == Fate::Open);
        let open = open.map(|(id, message)| format!("`{id}` to {} has no answer", message.topic));
        let missed = self.subscribers.iter().flat_map(|subscriber| {
            let missed = self.messages.iter().filter(|(id, message)| subscriber.misses(**id, message));
            let text = |(id, _)| format!("{} misses `{id}`, which was acknowledged", subscriber.name);
            missed.map(text).take(LISTED_MAX)
        });
        open.take(LISTED_MAX).chain(missed).collect()
    }

    /// Whether each of these subscribers has at least `count` subscriptions.
    #[must_use]
    pub fn are_subscribed(&self, subscribers: std::ops::Range<usize>, count: usize) -> bool {
        let wanted = self.subscribers.iter().skip(subscribers.start).take(subscribers.len());
        wanted.filter(|subscriber| subscriber.has_subscriptions(count)).count() == subscribers.len()
    }

    /// Returns the number of acknowledgements that a sender has received.
    #[must_use]
    pub fn acknowledgements(&self, sender: usize) -> u64 {
        self.acknowledgements.get(&sender).copied().unwrap_or_default()
    }

    /// Returns the violations recorded so far.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Returns the totals so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            acknowledged: self.acknowledgements.values().sum(),
            refused: self.refusals,
            delivered: self.deliveries,
            observations: self.observations,
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, refused, delivered, observations } = self;
        write!(
            out,
            "{acknowledged} messages acknowledged, {refused} refused, {delivered} copies delivered, retained messages \
             compared {observations} times"
        )
    }
}

const LISTED_MAX: usize = 20;
