//! Many subscriptions of one session, found by hash. Those to plain filters, which are nearly all, are kept small.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::num::NonZeroU32;

use tidegate_mqtt::SubscriptionOptions;
use tidegate_mqtt::topic::{Filter, SubscriptionFilter};

use super::{GrantedOptions, SubscriptionsFull};

/// Filters and granted options, in no order.
#[derive(Debug, Default)]
pub(crate) struct Table {
    plain: HashMap<Filter, Packed>,
    shared: HashMap<SubscriptionFilter, Packed>,
}

/// [`GrantedOptions`] in eight bytes: no identifier is 0.
#[derive(Clone, Copy, Debug)]
struct Packed {
    options: SubscriptionOptions,
    identifier: Option<NonZeroU32>,
}

impl Table {
    /// Adds or replaces; says whether the filter was there.
    pub(super) fn insert(
        &mut self,
        filter: SubscriptionFilter,
        granted: GrantedOptions,
        max: usize,
    ) -> Result<bool, SubscriptionsFull> {
        let full = self.len() >= max;
        let packed = Packed::from(granted);
        match filter {
            SubscriptionFilter { share: None, filter } => put(self.plain.entry(filter), packed, full),
            shared => put(self.shared.entry(shared), packed, full),
        }
    }

    /// Removes; says whether the filter was there.
    pub(super) fn remove(&mut self, filter: &SubscriptionFilter) -> bool {
        match filter {
            SubscriptionFilter { share: None, filter } => take(&mut self.plain, filter),
            shared => take(&mut self.shared, shared),
        }
    }

    pub(super) fn into_filters(self) -> impl Iterator<Item = SubscriptionFilter> {
        self.plain.into_keys().map(SubscriptionFilter::from).chain(self.shared.into_keys())
    }

    pub(super) fn len(&self) -> usize {
        self.plain.len() + self.shared.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (SubscriptionFilter, GrantedOptions)> {
        let plain =
            self.plain.iter().map(|(filter, packed)| (filter.clone().into(), GrantedOptions::from(*packed)));
        plain
            .chain(self.shared.iter().map(|(filter, packed)| (filter.clone(), GrantedOptions::from(*packed))))
    }

    /// Bytes of memory held here, the filters' own text apart.
    pub(super) fn capacity(&self) -> usize {
        size_of::<Self>() + capacity(&self.plain) + capacity(&self.shared)
    }

    pub(super) fn granted_options(&self, filter: &SubscriptionFilter) -> Option<GrantedOptions> {
        let packed = match filter {
            SubscriptionFilter { share: None, filter } => self.plain.get(filter),
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
        Entry::Occupied(mut present) => {
            present.insert(packed);
            Ok(true)
        }
        Entry::Vacant(_) if full => Err(SubscriptionsFull),
        Entry::Vacant(place) => {
            place.insert(packed);
            Ok(false)
        }
    }
}

/// A table that is nearly empty shrinks: what a client once had costs nothing.
fn take<K: Eq + Hash>(map: &mut HashMap<K, Packed>, filter: &K) -> bool {
    let existed = map.remove(filter).is_some();
    if existed && map.len() < map.capacity() / SPARSE {
        map.shrink_to(map.len() * 2);
    }
    existed
}

/// A byte of each place says what is there; an eighth of the places is free at least.
fn capacity<K>(map: &HashMap<K, Packed>) -> usize {
    map.capacity() * (size_of::<(K, Packed)>() + 1) * 8 / 7
}

/// A table shrinks when no more than one place of so many is used.
const SPARSE: usize = 8;
