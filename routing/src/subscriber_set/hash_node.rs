//! The inner nodes of the hash tree. Nodes are changed in place by replacing their children.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;

use super::edit::{COLLAPSE_LEN, with_entry, without_entry};
use super::{Keyed, LEAF_MAX, mix_bits};

/// An inner node. Two bits of the mixed key select one of its children.
pub(crate) struct HashNode<T> {
    len: AtomicUsize,
    children: [ArcSwapOption<Child<T>>; CHILD_COUNT],
}

enum Child<T> {
    Leaf(Box<[T]>),
    Node(HashNode<T>),
}

impl<T: Keyed + Clone> HashNode<T> {
    pub(super) fn from_entries(entries: Vec<T>, depth: u32) -> Self {
        let len = AtomicUsize::new(entries.len());
        let mut parts: [Vec<T>; CHILD_COUNT] = std::array::from_fn(|_| Vec::new());
        for entry in entries {
            if let Some(part) = parts.get_mut(child_index(entry.key(), depth)) {
                part.push(entry);
            }
        }
        Self { len, children: parts.map(|part| ArcSwapOption::new(leaf(part))) }
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Inserts an entry, or replaces the entry with the same key. Returns whether an entry was replaced.
    pub(super) fn insert(&self, entry: T, depth: u32) -> bool {
        let Some(slot) = self.children.get(child_index(entry.key(), depth)) else { return false };
        let existed = match slot.load().as_deref() {
            Some(Child::Node(node)) => node.insert(entry, depth + 1),
            Some(Child::Leaf(entries)) => insert_in_leaf(slot, entries, entry, depth),
            None => insert_in_leaf(slot, &[], entry, depth),
        };
        self.len.fetch_add(usize::from(!existed), Ordering::Relaxed);
        existed
    }

    /// Removes the entry with this key. Returns false if there is no such entry.
    pub(super) fn remove(&self, key: u64, depth: u32) -> bool {
        let Some(slot) = self.children.get(child_index(key, depth)) else { return false };
        let removed = match slot.load().as_deref() {
            Some(Child::Node(node)) => {
                let removed = node.remove(key, depth + 1);
                if removed && node.len() <= COLLAPSE_LEN {
                    slot.store(leaf(node.entries()));
                }
                removed
            }
            Some(Child::Leaf(entries)) => {
                without_entry(entries, key).map(|rest| slot.store(leaf(rest))).is_some()
            }
            None => false,
        };
        self.len.fetch_sub(usize::from(removed), Ordering::Relaxed);
        removed
    }

    pub(super) fn contains(&self, key: u64, depth: u32) -> bool {
        let Some(slot) = self.children.get(child_index(key, depth)) else { return false };
        match slot.load().as_deref() {
            Some(Child::Node(node)) => node.contains(key, depth + 1),
            Some(Child::Leaf(entries)) => entries.iter().any(|entry| entry.key() == key),
            None => false,
        }
    }

    pub(super) fn nth(&self, mut position: usize) -> Option<T> {
        for slot in &self.children {
            let child = slot.load();
            let Some(child) = child.as_deref() else { continue };
            let len = child.len();
            if position < len {
                return match child {
                    Child::Node(node) => node.nth(position),
                    Child::Leaf(entries) => entries.get(position).cloned(),
                };
            }
            position -= len;
        }
        None
    }

    pub(super) fn collect(&self, out: &mut Vec<T>) {
        for slot in &self.children {
            match slot.load().as_deref() {
                Some(Child::Node(node)) => node.collect(out),
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
            Self::Node(node) => node.len(),
        }
    }
}

/// Inserts an entry into a slot that is empty or holds a leaf. Returns whether an entry was replaced.
fn insert_in_leaf<T: Keyed + Clone>(
    slot: &ArcSwapOption<Child<T>>,
    entries: &[T],
    entry: T,
    depth: u32,
) -> bool {
    let (entries, existed) = with_entry(entries, entry);
    if entries.len() > LEAF_MAX {
        slot.store(Some(Arc::new(Child::Node(HashNode::from_entries(entries, depth + 1)))));
    } else {
        slot.store(leaf(entries));
    }
    existed
}

fn leaf<T>(entries: Vec<T>) -> Option<Arc<Child<T>>> {
    (!entries.is_empty()).then(|| Arc::new(Child::Leaf(entries.into())))
}

/// Returns the index of the child that holds the key, in a node at this depth.
fn child_index(key: u64, depth: u32) -> usize {
    let bits = mix_bits(key).checked_shr(depth * 2).unwrap_or_default() & 0b11;
    usize::try_from(bits).unwrap_or_default()
}

const CHILD_COUNT: usize = 4;

#[cfg(test)]
mod tests;
