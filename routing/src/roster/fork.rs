//! The inner nodes of a wide roster. A node stays where it is; what hangs below is exchanged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;

use super::edit::{NARROW, with, without};
use super::{Keyed, LEAF_MAX, mix};

/// Entries parted by two bits of the mixed key.
pub(crate) struct Fork<T> {
    len: AtomicUsize,
    children: [ArcSwapOption<Child<T>>; WIDTH],
}

enum Child<T> {
    Leaf(Box<[T]>),
    Fork(Fork<T>),
}

impl<T: Keyed + Clone> Fork<T> {
    pub(super) fn of(entries: Vec<T>, depth: u32) -> Self {
        let len = AtomicUsize::new(entries.len());
        let mut parts: [Vec<T>; WIDTH] = std::array::from_fn(|_| Vec::new());
        for entry in entries {
            if let Some(part) = parts.get_mut(slot(entry.key(), depth)) {
                part.push(entry);
            }
        }
        Self { len, children: parts.map(|part| ArcSwapOption::new(leaf(part))) }
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Adds an entry, in place of the one with the same key. True if there was one.
    pub(super) fn put(&self, entry: T, depth: u32) -> bool {
        let Some(place) = self.children.get(slot(entry.key(), depth)) else { return false };
        let existed = match place.load().as_deref() {
            Some(Child::Fork(fork)) => fork.put(entry, depth + 1),
            Some(Child::Leaf(entries)) => put_flat(place, entries, entry, depth),
            None => put_flat(place, &[], entry, depth),
        };
        self.len.fetch_add(usize::from(!existed), Ordering::Relaxed);
        existed
    }

    /// Takes out the entry of this key. False if there is none.
    pub(super) fn take(&self, key: u64, depth: u32) -> bool {
        let Some(place) = self.children.get(slot(key, depth)) else { return false };
        let taken = match place.load().as_deref() {
            Some(Child::Fork(fork)) => {
                let taken = fork.take(key, depth + 1);
                if taken && fork.len() <= NARROW {
                    place.store(leaf(fork.entries()));
                }
                taken
            }
            Some(Child::Leaf(entries)) => without(entries, key).map(|rest| place.store(leaf(rest))).is_some(),
            None => false,
        };
        self.len.fetch_sub(usize::from(taken), Ordering::Relaxed);
        taken
    }

    pub(super) fn has(&self, key: u64, depth: u32) -> bool {
        let Some(place) = self.children.get(slot(key, depth)) else { return false };
        match place.load().as_deref() {
            Some(Child::Fork(fork)) => fork.has(key, depth + 1),
            Some(Child::Leaf(entries)) => entries.iter().any(|entry| entry.key() == key),
            None => false,
        }
    }

    pub(super) fn nth(&self, mut position: usize) -> Option<T> {
        for place in &self.children {
            let child = place.load();
            let Some(child) = child.as_deref() else { continue };
            let len = child.len();
            if position < len {
                return match child {
                    Child::Fork(fork) => fork.nth(position),
                    Child::Leaf(entries) => entries.get(position).cloned(),
                };
            }
            position -= len;
        }
        None
    }

    pub(super) fn collect(&self, out: &mut Vec<T>) {
        for place in &self.children {
            match place.load().as_deref() {
                Some(Child::Fork(fork)) => fork.collect(out),
                Some(Child::Leaf(entries)) => out.extend_from_slice(entries),
                None => {}
            }
        }
    }

    fn entries(&self) -> Vec<T> {
        let mut entries = Vec::with_capacity(self.len());
        self.collect(&mut entries);
        entries
    }
}

impl<T: Keyed + Clone> Child<T> {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(entries) => entries.len(),
            Self::Fork(fork) => fork.len(),
        }
    }
}

/// Adds an entry where a leaf or nothing hangs. True if one of the same key was there.
fn put_flat<T: Keyed + Clone>(place: &ArcSwapOption<Child<T>>, entries: &[T], entry: T, depth: u32) -> bool {
    let (entries, existed) = with(entries, entry);
    if entries.len() > LEAF_MAX {
        place.store(Some(Arc::new(Child::Fork(Fork::of(entries, depth + 1)))));
    } else {
        place.store(leaf(entries));
    }
    existed
}

fn leaf<T>(entries: Vec<T>) -> Option<Arc<Child<T>>> {
    (!entries.is_empty()).then(|| Arc::new(Child::Leaf(entries.into())))
}

/// Which child of a fork at this depth the key leads to.
fn slot(key: u64, depth: u32) -> usize {
    let bits = mix(key).checked_shr(depth * 2).unwrap_or_default() & 0b11;
    usize::try_from(bits).unwrap_or_default()
}

const WIDTH: usize = 4;

#[cfg(test)]
mod tests;
