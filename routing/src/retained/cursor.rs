//! How far a replay has come.

use std::ops::Bound;

use super::pattern::Pattern;

/// A replay of all retained messages that match one filter, taken a few at a time. It holds no lock and no message,
/// and stays good whatever happens to the store in between: a message that is there all the while comes exactly once.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub(super) pattern: Pattern,
    /// Shards that are done with.
    pub(super) shards: usize,
    pub(super) place: Place,
    pub(super) done: bool,
}

/// Where to go on within a shard.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// At this key or the first one behind it.
    From(Vec<u8>),
    /// Behind this key.
    After(Vec<u8>),
}

impl Cursor {
    pub(super) fn new(filter: &str) -> Self {
        let pattern = Pattern::of(filter);
        let place = Place::From(pattern.start());
        Self { pattern, shards: 0, place, done: false }
    }

    /// True when nothing is left.
    pub fn done(&self) -> bool {
        self.done
    }

    /// The shard has nothing more.
    pub(super) fn leave_shard(&mut self) {
        self.shards += 1;
        self.place = Place::From(self.pattern.start());
    }
}

impl Place {
    pub(super) fn bound(&self) -> Bound<&[u8]> {
        match self {
            Self::From(key) => Bound::Included(key),
            Self::After(key) => Bound::Excluded(key),
        }
    }
}
