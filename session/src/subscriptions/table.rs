//! A hash table for the subscriptions of a session that has many. Those without a share name, nearly all, are stored
//! compactly.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::num::NonZeroU32;

use tidegate_mqtt::SubscriptionOptions;
use tidegate_mqtt::topic::{Filter, SubscriptionFilter};

use super::{GrantedOptions, SubscriptionsFull};

/// Filters and granted options, in no particular order.
#[derive(Debug, Default)]
pub(crate) struct Table {
    unshared: HashMap<Filter, Packed>,
    shared: HashMap<SubscriptionFilter, Packed>,
}

/// [`GrantedOptions`] in eight bytes: 0 stands for no subscription identifier.
#[derive(Clone, Copy, Debug)]
struct Packed {
    options: SubscriptionOptions,
    identifier: Option<NonZeroU32>,
}

impl Table {
    /// Adds or replaces a subscription; returns whether one with this filter existed.
    pub(super) fn insert(
        &mut self,
        filter: SubscriptionFilter,
        granted: GrantedOptions,
        max: usize,
    ) -> Result<bool, SubscriptionsFull> {
        let full = self.len() >= max;
        let packed = Packed::from(granted);
        match filter {
            SubscriptionFilter { share: None, filter } => put(self.unshared.entry(filter), packed, full),
            shared => put(self.shared.entry(shared), packed, full),
        }
    }

    /// Removes a subscription; returns whether it existed.
    pub(super) fn remove(&mut self, filter: &SubscriptionFilter) -> bool {
        match filter {
            SubscriptionFilter { share: None, filter } => take(&mut self.unshared, filter),
            shared => take(&mut self.shared, shared),
        }
    }

    pub(super) fn into_filters(self) -> impl Iterator<Item = SubscriptionFilter> {
        self.unshared.into_keys().map(SubscriptionFilter::from).chain(self.shared.into_keys())
    }

    pub(super) fn len(&self) -> usize {
        self.unshared.len() + self.shared.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (SubscriptionFilter, GrantedOptions)> {
        let unshared = self
            .unshared
            .iter()
            .map(|(filter, packed)| (filter.clone().into(), GrantedOptions::from(*packed)));
        unshared
            .chain(self.shared.iter().map(|(filter, packed)| (filter.clone(), GrantedOptions::from(*packed))))
    }

    /// Bytes of memory allocated, without the text of the filters.
    pub(super) fn capacity(&self) -> usize {
        size_of::<Self>() + capacity(&self.unshared) + capacity(&self.shared)
    }

    pub(super) fn granted_options(&self, filter: &SubscriptionFilter) -> Option<GrantedOptions> {
        let packed = match filter {
            SubscriptionFilter { share: None, filter } => self.unshared.get(filter),
            shared => self.shared.get(shared),
        };
        packed.copied().map(GrantedOptions::from)
    }
}

impl FromIterator<(SubscriptionFilter, GrantedOptions)> for Table {
    fn from_iter<I: IntoIterator<Item = (SubscriptionFilter, GrantedOptions)>>(entries: I) -> Self {
        let mut table = Self::default();
        for (filter, granted) in entries {
            let _ = table.insert(filter, granted, usize::MAX);
        }
        table
    }
}

impl From<GrantedOptions> for Packed {
    fn from(GrantedOptions { options, identifier }: GrantedOptions) -> Self {
        Self { options, identifier: identifier.and_then(NonZeroU32::new) }
    }
}

impl From<Packed> for GrantedOptions {
    fn from(Packed { options, identifier }: Packed) -> Self {
        Self { options, identifier: identifier.map(NonZeroU32::get) }
    }
}

fn put<K>(entry: Entry<'_, K, Packed>, packed: Packed, full: bool) -> Result<bool, SubscriptionsFull> {
    match entry {
        Entry::Occupied(mut occupied) => {
            occupied.insert(packed);
            Ok(true)
        }
        Entry::Vacant(_) if full => Err(SubscriptionsFull),
        Entry::Vacant(vacant) => {
            vacant.insert(packed);
            Ok(false)
        }
    }
}

/// Shrinks a map that has become nearly empty, so that removed subscriptions occupy no memory.
fn take<K: Eq + Hash>(map: &mut HashMap<K, Packed>, filter: &K) -> bool {
    let existed = map.remove(filter).is_some();
    if existed && map.len() < map.capacity() / SPARSE {
        map.shrink_to(map.len() * 2);
    }
    existed
}

/// Bytes of memory that a map allocates: one control byte per bucket, and at least an eighth of the buckets is free.
fn capacity<K>(map: &HashMap<K, Packed>) -> usize {
    map.capacity() * (size_of::<(K, Packed)>() + 1) * 8 / 7
}

/// A map shrinks when it uses less than one in this many of its buckets.
const SPARSE: usize = 8;
