//! A hash table for the subscriptions of a session that has many. Subscriptions without a share name, by far the most,
//! are stored compactly.

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
    unshared: HashMap<Filter, PackedOptions>,
    shared: HashMap<SubscriptionFilter, PackedOptions>,
}

/// [`GrantedOptions`] in eight bytes: 0 stands for no subscription identifier.
#[derive(Clone, Copy, Debug)]
struct PackedOptions {
    options: SubscriptionOptions,
    identifier: Option<NonZeroU32>,
}

impl Table {
    /// Adds or replaces a subscription. Returns whether a subscription to this filter existed.
    pub(super) fn insert(
        &mut self,
        filter: SubscriptionFilter,
        granted: GrantedOptions,
        max: usize,
    ) -> Result<bool, SubscriptionsFull> {
        let full = self.len() >= max;
        let packed = PackedOptions::from(granted);
        match filter {
            SubscriptionFilter { share: None, filter } => {
                insert_entry(self.unshared.entry(filter), packed, full)
            }
            shared => insert_entry(self.shared.entry(shared), packed, full),
        }
    }

    /// Removes a subscription. Returns whether the subscription existed.
    pub(super) fn remove(&mut self, filter: &SubscriptionFilter) -> bool {
        match filter {
            SubscriptionFilter { share: None, filter } => remove_and_shrink(&mut self.unshared, filter),
            shared => remove_and_shrink(&mut self.shared, shared),
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

    /// Returns the number of bytes allocated, without the text of the filters.
    pub(super) fn capacity(&self) -> usize {
        size_of::<Self>() + map_capacity(&self.unshared) + map_capacity(&self.shared)
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

impl From<GrantedOptions> for PackedOptions {
    fn from(GrantedOptions { options, identifier }: GrantedOptions) -> Self {
        Self { options, identifier: identifier.and_then(NonZeroU32::new) }
    }
}

impl From<PackedOptions> for GrantedOptions {
    fn from(PackedOptions { options, identifier }: PackedOptions) -> Self {
        Self { options, identifier: identifier.map(NonZeroU32::get) }
    }
}

fn insert_entry<K>(
    entry: Entry<'_, K, PackedOptions>,
    packed: PackedOptions,
    full: bool,
) -> Result<bool, SubscriptionsFull> {
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

/// Removes a filter, and shrinks a map that has become nearly empty. Returns whether the filter existed.
fn remove_and_shrink<K: Eq + Hash>(map: &mut HashMap<K, PackedOptions>, filter: &K) -> bool {
    let existed = map.remove(filter).is_some();
    if existed && map.len() < map.capacity() / SPARSE_DIVISOR {
        map.shrink_to(map.len() * 2);
    }
    existed
}

/// Returns the number of bytes that a map allocates. A map has one control byte per bucket, and at least an eighth of
/// its buckets is free.
fn map_capacity<K>(map: &HashMap<K, PackedOptions>) -> usize {
    map.capacity() * (size_of::<(K, PackedOptions)>() + 1) * 8 / 7
}

/// A map shrinks when it uses less than its capacity divided by this number. With a smaller divisor, a session that
/// subscribes and unsubscribes would rehash its map often.
const SPARSE_DIVISOR: usize = 8;
