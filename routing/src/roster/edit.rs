//! Changes of a roster: each gives a new one and leaves the old as it was.

use std::sync::Arc;

use super::{Fork, Keyed, LEAF_MAX, Roster, WIDTH, slot};

impl<T: Keyed + Clone> Roster<T> {
    /// With this entry, in place of the one with the same key. True if there was one.
    pub(crate) fn with(&self, entry: T) -> (Self, bool) {
        self.with_at(entry, 0)
    }

    /// Without the entry of this key; `None` if there is none.
    pub(crate) fn without(&self, key: u64) -> Option<Self> {
        self.without_at(key, 0)
    }

    fn with_at(&self, entry: T, depth: u32) -> (Self, bool) {
        let Self::Fork(fork) = self else { return self.with_flat(entry, depth) };
        let mut children = fork.children.clone();
        let mut existed = false;
        if let Some(child) = children.get_mut(slot(entry.key(), depth)) {
            (*child, existed) = child.with_at(entry, depth + 1);
        }
        let len = fork.len + usize::from(!existed);
        (Self::Fork(Arc::new(Fork { len, children })), existed)
    }

    fn with_flat(&self, entry: T, depth: u32) -> (Self, bool) {
        let entries = self.slice();
        let key = entry.key();
        let position = entries.iter().position(|other| other.key() == key);
        let mut changed = Vec::with_capacity(entries.len() + 1);
        changed.extend_from_slice(entries);
        match position.and_then(|position| changed.get_mut(position)) {
            Some(place) => *place = entry,
            None => changed.push(entry),
        }
        let roster = if changed.len() > LEAF_MAX { Self::parted(changed, depth) } else { Self::flat(changed) };
        (roster, position.is_some())
    }

    fn without_at(&self, key: u64, depth: u32) -> Option<Self> {
        let Self::Fork(fork) = self else { return self.without_flat(key) };
        let index = slot(key, depth);
        let child = fork.children.get(index)?.without_at(key, depth + 1)?;
        let len = fork.len - 1;
        let mut children = fork.children.clone();
        if let Some(place) = children.get_mut(index) {
            *place = child;
        }
        if len > LEAF_MAX / 2 {
            return Some(Self::Fork(Arc::new(Fork { len, children })));
        }
        let rest = children.iter().flat_map(Self::slice).cloned().collect();
        Some(Self::flat(rest))
    }

    fn without_flat(&self, key: u64) -> Option<Self> {
        let entries = self.slice();
        let position = entries.iter().position(|other| other.key() == key)?;
        let (before, after) = entries.split_at_checked(position)?;
        Some(Self::flat(before.iter().chain(after.iter().skip(1)).cloned().collect()))
    }

    fn flat(mut entries: Vec<T>) -> Self {
        if entries.len() > 1 {
            return Self::Leaf(entries.into());
        }
        entries.pop().map_or(Self::Empty, Self::One)
    }

    fn parted(entries: Vec<T>, depth: u32) -> Self {
        let len = entries.len();
        let mut parts: [Vec<T>; WIDTH] = std::array::from_fn(|_| Vec::new());
        for entry in entries {
            if let Some(part) = parts.get_mut(slot(entry.key(), depth)) {
                part.push(entry);
            }
        }
        Self::Fork(Arc::new(Fork { len, children: parts.map(Self::flat) }))
    }
}
