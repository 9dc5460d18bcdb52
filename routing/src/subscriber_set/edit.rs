//! Insertion into and removal from a subscriber set.

use std::sync::Arc;

use super::hash_node::HashNode;
use super::{Keyed, LEAF_MAX, SubscriberSet};

/// How a change of a set takes effect.
pub(crate) enum SetUpdate<T> {
    /// The set was changed in place. The caller has nothing to do.
    InPlace,
    /// The old set is unchanged. The caller has to replace it with this set.
    Replace(SubscriberSet<T>),
}

impl<T> SetUpdate<T> {
    /// Returns whether the changed set is empty.
    pub(crate) fn empties_set(&self) -> bool {
        matches!(self, Self::Replace(SubscriberSet::Empty))
    }
}

impl<T: Keyed + Clone> SubscriberSet<T> {
    /// Inserts an entry, or replaces the entry with the same key. The returned flag is true if an entry was replaced.
    #[must_use]
    pub(crate) fn insert(&self, entry: T) -> (SetUpdate<T>, bool) {
        if let Self::Tree(root) = self {
            return (SetUpdate::InPlace, root.insert(entry, 0));
        }
        if self.is_empty() {
            return (SetUpdate::Replace(Self::One(entry)), false);
        }
        let (entries, existed) = with_entry(self.slice(), entry);
        let set = match entries.len() {
            0..=LEAF_MAX => Self::from_vec(entries),
            _ => Self::Tree(Arc::new(HashNode::from_entries(entries, 0))),
        };
        (SetUpdate::Replace(set), existed)
    }

    /// Removes the entry with this key. Returns `None` if the set has no such entry.
    #[must_use]
    pub(crate) fn remove(&self, key: u64) -> Option<SetUpdate<T>> {
        let Self::Tree(root) = self else {
            return Some(SetUpdate::Replace(Self::from_vec(without_entry(self.slice(), key)?)));
        };
        if !root.remove(key, 0) {
            return None;
        }
        if root.len() > COLLAPSE_LEN {
            return Some(SetUpdate::InPlace);
        }
        let mut entries = Vec::with_capacity(root.len());
        root.collect(&mut entries);
        Some(SetUpdate::Replace(Self::from_vec(entries)))
    }

    fn from_vec(mut entries: Vec<T>) -> Self {
        if entries.len() > 1 {
            return Self::Slice(entries.into());
        }
        entries.pop().map_or(Self::Empty, Self::One)
    }
}

/// Returns a copy of the entries that also contains `entry`. An entry with the same key is replaced; in this case the
/// returned flag is true.
pub(super) fn with_entry<T: Keyed + Clone>(entries: &[T], entry: T) -> (Vec<T>, bool) {
    let key = entry.key();
    let position = entries.iter().position(|other| other.key() == key);
    let mut changed = Vec::with_capacity(entries.len() + 1);
    changed.extend_from_slice(entries);
    match position.and_then(|position| changed.get_mut(position)) {
        Some(slot) => *slot = entry,
        None => changed.push(entry),
    }
    (changed, position.is_some())
}

/// Returns a copy of the entries without the entry with this key. Returns `None` if there is no such entry.
pub(super) fn without_entry<T: Keyed + Clone>(entries: &[T], key: u64) -> Option<Vec<T>> {
    let position = entries.iter().position(|other| other.key() == key)?;
    let (before, after) = entries.split_at_checked(position)?;
    let mut rest = Vec::with_capacity(entries.len() - 1);
    rest.extend_from_slice(before);
    rest.extend_from_slice(after.get(1..).unwrap_or_default());
    Some(rest)
}

/// A tree with no more entries than this becomes a slice again. The number is well below the size at which a slice
/// becomes a tree.
pub(super) const COLLAPSE_LEN: usize = LEAF_MAX / 2;
