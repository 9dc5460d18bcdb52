//! What the record says: what is missing, what was violated, and how much happened.

use std::fmt;

use super::{Fate, Ledger};

/// How much happened in a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// Messages acknowledged to their senders.
    pub acknowledged: u64,
    /// Messages refused.
    pub refused: u64,
    /// Copies that subscribers received.
    pub delivered: u64,
    /// Times that the retained messages were compared.
    pub observations: u64,
}

impl Ledger {
    /// The messages that are not answered yet, and those that a subscriber is owed and has not received. At most 20 of each.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let open = self.messages.iter().filter(|(_, message)| message.fate == Fate::Open);
        let open = open.map(|(id, message)| format!("`{id}` to {} has no answer", message.topic));
        let missed = self.subscribers.iter().flat_map(|subscriber| {
            let missed = self.messages.iter().filter(|(id, message)| subscriber.misses(**id, message));
            let text = |(id, _)| format!("{} misses `{id}`, which was acknowledged", subscriber.name);
            missed.map(text).take(LISTED)
        });
        open.take(LISTED).chain(missed).collect()
    }

    /// Whether each of these subscribers has so many subscriptions.
    #[must_use]
    pub fn are_subscribed(&self, subscribers: std::ops::Range<usize>, count: usize) -> bool {
        let wanted = self.subscribers.iter().skip(subscribers.start).take(subscribers.len());
        wanted.filter(|subscriber| subscriber.has_subscriptions(count)).count() == subscribers.len()
    }

    /// The number of acknowledgements that a sender got.
    #[must_use]
    pub fn acknowledgements(&self, sender: usize) -> u64 {
        self.acknowledgements.get(&sender).copied().unwrap_or_default()
    }

    /// What was found to be wrong so far.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// How much happened so far.
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

const LISTED: usize = 20;
