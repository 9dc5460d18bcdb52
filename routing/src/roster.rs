//! An immutable set keyed by number, whose changes share all but the changed path with their original.
//! Small sets are one slice; wide ones a tree by the bits of the mixed key, so that one change copies some
//! hundred bytes at a million entries, too.

use std::sync::Arc;

mod edit;
#[cfg(test)]
mod tests;

/// Something with a number of its own.
pub(crate) trait Keyed {
    /// Unique within a roster.
    fn key(&self) -> u64;
}

/// The set. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) enum Roster<T> {
    /// Nobody.
    #[default]
    Empty,
    /// The usual case, without an allocation.
    One(T),
    /// Two to [`LEAF_MAX`] entries.
    Leaf(Arc<[T]>),
    /// More, parted by four bits of the mixed key.
    Fork(Arc<Fork<T>>),
}

/// An inner node of a wide roster.
#[derive(Clone, Debug)]
pub(crate) struct Fork<T> {
    len: usize,
    children: [Roster<T>; WIDTH],
}

impl<T: Keyed> Roster<T> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::One(_) => 1,
            Self::Leaf(entries) => entries.len(),
            Self::Fork(fork) => fork.len,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The entry with this key.
    pub(crate) fn find(&self, key: u64) -> Option<&T> {
        let mut depth = 0;
        let mut roster = self;
        while let Self::Fork(fork) = roster {
            roster = fork.children.get(slot(key, depth))?;
            depth += 1;
        }
        roster.slice().iter().find(|entry| entry.key() == key)
    }

    /// The entry at this position of the set's own order, which depends on the keys alone.
    pub(crate) fn nth(&self, mut position: usize) -> Option<&T> {
        let mut roster = self;
        while let Self::Fork(fork) = roster {
            roster = fork.children.iter().find(|child| {
                let inside = position < child.len();
                if !inside {
                    position -= child.len();
                }
                inside
            })?;
        }
        roster.slice().get(position)
    }

    /// Appends every entry to `out`.
    pub(crate) fn collect<'a>(&'a self, out: &mut Vec<&'a T>) {
        match self {
            Self::Fork(fork) => fork.children.iter().for_each(|child| child.collect(out)),
            flat => out.extend(flat.slice()),
        }
    }

    fn slice(&self) -> &[T] {
        match self {
            Self::One(entry) => std::slice::from_ref(entry),
            Self::Leaf(entries) => entries,
            Self::Empty | Self::Fork(_) => &[],
        }
    }
}

/// A bijection: different keys never share all their bits, so the tree's depth is bounded by 64 / `BITS`.
pub(crate) fn mix(key: u64) -> u64 {
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// Which child of a fork at this depth the key leads to.
fn slot(key: u64, depth: u32) -> usize {
    let bits = mix(key).checked_shr(depth * BITS).unwrap_or_default() & 0xf;
    usize::try_from(bits).unwrap_or_default()
}

const BITS: u32 = 4;
const WIDTH: usize = 16;
const LEAF_MAX: usize = 8;
