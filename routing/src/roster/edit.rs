//! Changes of a roster.

use std::sync::Arc;

use super::fork::Fork;
use super::{Keyed, LEAF_MAX, Roster};

/// How a change was made.
pub(crate) enum Change<T> {
    /// Within the roster: nothing is to be done.
    Inside,
    /// This roster is to be put in place of the old one, which stays as it was.
    Into(Roster<T>),
}

impl<T> Change<T> {
    /// True when nobody is left.
    pub(crate) fn leaves_nobody(&self) -> bool {
        matches!(self, Self::Into(Roster::Empty))
    }
}

impl<T: Keyed + Clone> Roster<T> {
    /// Adds an entry, in place of the one with the same key. True if there was one.
    #[must_use]
    pub(crate) fn with(&self, entry: T) -> (Change<T>, bool) {
        if let Self::Wide(fork) = self {
            return (Change::Inside, fork.put(entry, 0));
        }
        if self.is_empty() {
            return (Change::Into(Self::One(entry)), false);
        }
        let (entries, existed) = with(self.slice(), entry);
        let roster = match entries.len() {
            0..=LEAF_MAX => Self::flat(entries),
            _ => Self::Wide(Arc::new(Fork::of(entries, 0))),
        };
        (Change::Into(roster), existed)
    }

    /// Takes out the entry of this key; `None` if there is none.
    #[must_use]
    pub(crate) fn without(&self, key: u64) -> Option<Change<T>> {
        let Self::Wide(fork) = self else {
            return Some(Change::Into(Self::flat(without(self.slice(), key)?)));
        };
        if !fork.take(key, 0) {
            return None;
        }
        if fork.len() > NARROW {
            return Some(Change::Inside);
        }
        let mut entries = Vec::with_capacity(fork.len());
        fork.collect(&mut entries);
        Some(Change::Into(Self::flat(entries)))
    }

    fn flat(mut entries: Vec<T>) -> Self {
        if entries.len() > 1 {
            return Self::Leaf(entries.into());
        }
        entries.pop().map_or(Self::Empty, Self::One)
    }
}

/// The entries with this one, in place of the one with the same key. True if there was one.
pub(super) fn with<T: Keyed + Clone>(entries: &[T], entry: T) -> (Vec<T>, bool) {
    let key = entry.key();
    let position = entries.iter().position(|other| other.key() == key);
    let mut changed = Vec::with_capacity(entries.len() + 1);
    changed.extend_from_slice(entries);
    match position.and_then(|position| changed.get_mut(position)) {
        Some(place) => *place = entry,
        None => changed.push(entry),
    }
    (changed, position.is_some())
}

/// The entries without that of this key; `None` if there is none.
pub(super) fn without<T: Keyed + Clone>(entries: &[T], key: u64) -> Option<Vec<T>> {
    let position = entries.iter().position(|other| other.key() == key)?;
    let (before, after) = entries.split_at_checked(position)?;
    let mut rest = Vec::with_capacity(entries.len() - 1);
    rest.extend_from_slice(before);
    rest.extend_from_slice(after.get(1..).unwrap_or_default());
    Some(rest)
}

/// At this size what was wide becomes flat again: well below the size at which it became wide.
pub(super) const NARROW: usize = LEAF_MAX / 2;
