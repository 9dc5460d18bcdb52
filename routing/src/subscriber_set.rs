//! A set keyed by number. Small ones are an immutable slice, replaced as a whole; wide ones a tree by the bits of the
//! mixed key, whose leaves are replaced one by one, so that a change costs the same at a million entries. Readers
//! take no lock; an entry that stays, or is replaced, is seen exactly once. Changes must come one at a time.

// Why not a crate: persistent maps (imbl is MPL, rpds and im copy a path of nodes a change) touch the reference
// counts of all siblings on the path, each on a cache line of its own: measured at a million members with a tree of
// that kind, one change was nearly three times as dear as exchanging one leaf.
use std::sync::Arc;

mod edit;
mod hash_node;
#[cfg(test)]
mod tests;

pub(crate) use edit::SetUpdate;

use hash_node::HashNode;

/// Something with a number of its own.
pub(crate) trait Keyed {
    /// Unique within a roster.
    fn key(&self) -> u64;
}

/// The set. Cloning is cheap; the clone of a wide one is the same set.
#[derive(Clone, Default)]
pub(crate) enum SubscriberSet<T> {
    /// Nobody.
    #[default]
    Empty,
    /// The usual case, without an allocation.
    One(T),
    /// Two to [`LEAF_MAX`] entries.
    Slice(Arc<[T]>),
    /// More; never empty.
    Tree(Arc<HashNode<T>>),
}

impl<T: Keyed + Clone> SubscriberSet<T> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Tree(root) => root.len(),
            small => small.slice().len(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// True when there is an entry with this key.
    pub(crate) fn contains(&self, key: u64) -> bool {
        match self {
            Self::Tree(root) => root.contains(key, 0),
            small => small.slice().iter().any(|entry| entry.key() == key),
        }
    }

    /// The entry at this position of the set's own order, which depends on the keys alone. During changes it can be
    /// a neighbour, or none.
    pub(crate) fn nth(&self, position: usize) -> Option<T> {
        match self {
            Self::Tree(root) => root.nth(position),
            small => small.slice().get(position).cloned(),
        }
    }

    /// Appends every entry to `out`.
    pub(crate) fn collect(&self, out: &mut Vec<T>) {
        match self {
            Self::Tree(root) => root.collect(out),
            small => out.extend_from_slice(small.slice()),
        }
    }

    fn slice(&self) -> &[T] {
        match self {
            Self::One(entry) => std::slice::from_ref(entry),
            Self::Slice(entries) => entries,
            Self::Empty | Self::Tree(_) => &[],
        }
    }
}

/// A bijection: different keys never share all their bits, so the tree's depth is bounded.
pub(crate) fn mix(key: u64) -> u64 {
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// Entries that stand in one slice; a change copies them.
const LEAF_MAX: usize = 8;
