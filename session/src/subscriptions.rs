//! The subscriptions of one session, as its state remembers them. Matches nothing: that is the router's.

mod table;

use table::Table;
use tidegate_mqtt::SubscriptionOptions;
use tidegate_mqtt::topic::SubscriptionFilter;

/// What a subscription was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantedOptions {
    /// Its options; the QoS is the granted one.
    pub options: SubscriptionOptions,
    /// Its identifier; absence is remembered too.
    pub identifier: Option<u32>,
}

/// A session has as many subscriptions as its configuration allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session holds as many subscriptions as it may")]
pub struct SubscriptionsFull;

/// Filters and granted options: a list while there are few, because most clients have few; a table beyond.
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
    /// Adds or replaces; says whether the filter was there. `[MQTT5-3.8.4-3]` `[MQTT3-3.8.4-3]`
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

    /// Removes; says whether the filter was there. `[MQTT5-3.10.4-1]` `[MQTT3-3.10.4-1]`
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

    /// Empties; gives the filters.
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

    /// Bytes of memory held here, the filters' own text apart.
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

/// Longest list.
const FEW_MAX: usize = 16;

#[cfg(test)]
mod tests;
