//! The subscriptions of one session. Matching topics with filters is the router's task.

mod table;

use table::Table;
use tidegate_mqtt::SubscriptionOptions;
use tidegate_mqtt::topic::SubscriptionFilter;

/// The options that were granted for a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantedOptions {
    /// The subscription options; the QoS is the granted one.
    pub options: SubscriptionOptions,
    /// The subscription identifier, or `None` if the subscription has none.
    pub identifier: Option<u32>,
}

/// The session already has as many subscriptions as its configuration allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session already has the maximum number of subscriptions (subscriptions_max)")]
pub struct SubscriptionsFull;

/// Filters and granted options. A few subscriptions, as most clients have, are stored in a list, more in a hash table.
#[derive(Debug)]
pub(crate) enum Subscriptions {
    Few(Vec<(SubscriptionFilter, GrantedOptions)>),
    Many(Box<Table>),
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Subscriptions {
    /// Adds or replaces a subscription. Returns whether a subscription to this filter existed. `[MQTT5-3.8.4-3]`
    /// `[MQTT3-3.8.4-3]`
    pub(crate) fn insert(
        &mut self,
        filter: SubscriptionFilter,
        granted: GrantedOptions,
        max: usize,
    ) -> Result<bool, SubscriptionsFull> {
        let list = match self {
            Self::Few(list) => list,
            Self::Many(table) => return table.insert(filter, granted, max),
        };
        if let Some((_, present)) = list.iter_mut().find(|(present, _)| *present == filter) {
            *present = granted;
            return Ok(true);
        }
        if list.len() >= max {
            return Err(SubscriptionsFull);
        }
        if list.len() < FEW_MAX {
            list.reserve_exact(1);
            list.push((filter, granted));
            return Ok(false);
        }
        let mut table: Box<Table> = Box::new(core::mem::take(list).into_iter().collect());
        let inserted = table.insert(filter, granted, max);
        *self = Self::Many(table);
        inserted
    }

    /// Removes a subscription. Returns whether the subscription existed. `[MQTT5-3.10.4-1]` `[MQTT3-3.10.4-1]`
    pub(crate) fn remove(&mut self, filter: &SubscriptionFilter) -> bool {
        match self {
            Self::Few(list) => match list.iter().position(|(present, _)| present == filter) {
                Some(index) => {
                    list.remove(index);
                    true
                }
                None => false,
            },
            Self::Many(table) => table.remove(filter),
        }
    }

    /// Removes all subscriptions and returns their filters.
    pub(crate) fn drain(&mut self) -> Vec<SubscriptionFilter> {
        match core::mem::take(self) {
            Self::Few(list) => list.into_iter().map(|(filter, _)| filter).collect(),
            Self::Many(table) => table.into_filters().collect(),
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(table) => table.len(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (SubscriptionFilter, GrantedOptions)> {
        let (list, table) = match self {
            Self::Few(list) => (Some(list), None),
            Self::Many(table) => (None, Some(table)),
        };
        let many = table.into_iter().flat_map(|table| table.iter());
        list.into_iter().flatten().cloned().chain(many)
    }

    /// Returns the number of bytes allocated, without the text of the filters.
    pub(crate) fn capacity(&self) -> usize {
        match self {
            Self::Few(list) => list.capacity() * size_of::<(SubscriptionFilter, GrantedOptions)>(),
            Self::Many(table) => table.capacity(),
        }
    }

    pub(crate) fn granted_options(&self, filter: &SubscriptionFilter) -> Option<GrantedOptions> {
        match self {
            Self::Few(list) => {
                list.iter().find(|(present, _)| present == filter).map(|(_, granted)| *granted)
            }
            Self::Many(table) => table.granted_options(filter),
        }
    }
}

/// Maximum number of subscriptions stored in a list. A list of this length is searched quickly, and a list has no spare
/// room.
const FEW_MAX: usize = 16;

#[cfg(test)]
mod tests;
