//! The subscriptions of one session, as its state remembers them. Matches nothing: that is the router's.

use std::collections::BTreeMap;

use tidegate_mqtt::SubscriptionOptions;
use tidegate_mqtt::topic::SubscriptionFilter;

/// What a subscription was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its options; the QoS is the granted one.
    pub options: SubscriptionOptions,
    /// Its identifier; absence is remembered too.
    pub identifier: Option<u32>,
}

/// A session has as many subscriptions as its configuration allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session holds as many subscriptions as it may")]
pub struct SubscriptionsFull;

/// Filters and terms: a list while there are few, because most clients have few; a tree beyond.
#[derive(Debug)]
pub(crate) enum Subscriptions {
    Few(Vec<(SubscriptionFilter, Terms)>),
    Many(Box<Tree>),
}

/// More than [`FEW_MAX`] subscriptions.
pub(crate) type Tree = BTreeMap<SubscriptionFilter, Terms>;

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
        terms: Terms,
        max: usize,
    ) -> Result<bool, SubscriptionsFull> {
        if let Some(present) = self.terms_mut(&filter) {
            *present = terms;
            return Ok(true);
        }
        if self.len() >= max {
            return Err(SubscriptionsFull);
        }
        self.grow();
        match self {
            Self::Few(list) => {
                list.reserve_exact(1);
                list.push((filter, terms));
            }
            Self::Many(tree) => {
                tree.insert(filter, terms);
            }
        }
        Ok(false)
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
            Self::Many(tree) => tree.remove(filter).is_some(),
        }
    }

    /// Empties; gives the filters.
    pub(crate) fn drain(&mut self) -> Vec<SubscriptionFilter> {
        match core::mem::take(self) {
            Self::Few(list) => list.into_iter().map(|(filter, _)| filter).collect(),
            Self::Many(tree) => tree.into_keys().collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(tree) => tree.len(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&SubscriptionFilter, &Terms)> {
        let (list, tree) = match self {
            Self::Few(list) => (Some(list), None),
            Self::Many(tree) => (None, Some(tree)),
        };
        let few = list.into_iter().flatten().map(|(filter, terms)| (filter, terms));
        few.chain(tree.into_iter().flat_map(|tree| tree.iter()))
    }

    /// Bytes of memory held here, the filters' own text apart.
    pub(crate) fn capacity(&self) -> usize {
        const ENTRY: usize = size_of::<(SubscriptionFilter, Terms)>();
        match self {
            Self::Few(list) => list.capacity() * ENTRY,
            Self::Many(tree) => size_of::<Tree>() + tree.len() * ENTRY * 3 / 2,
        }
    }

    pub(crate) fn terms(&self, filter: &SubscriptionFilter) -> Option<&Terms> {
        match self {
            Self::Few(list) => list.iter().find(|(present, _)| present == filter).map(|(_, terms)| terms),
            Self::Many(tree) => tree.get(filter),
        }
    }

    fn terms_mut(&mut self, filter: &SubscriptionFilter) -> Option<&mut Terms> {
        match self {
            Self::Few(list) => list.iter_mut().find(|(present, _)| present == filter).map(|(_, terms)| terms),
            Self::Many(tree) => tree.get_mut(filter),
        }
    }

    /// Turns a full list into a tree.
    fn grow(&mut self) {
        if let Self::Few(list) = self
            && list.len() >= FEW_MAX
        {
            *self = Self::Many(Box::new(core::mem::take(list).into_iter().collect()));
        }
    }
}

/// Longest list.
const FEW_MAX: usize = 16;

#[cfg(test)]
mod tests;
