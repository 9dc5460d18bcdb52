//! How far a replay has come.

use std::ops::Bound;

use super::pattern::Pattern;

/// A replay of all retained messages that match one filter, taken a few at a time. It holds no lock and no message,
/// and stays good whatever happens to the store in between: a message that is there all the while comes exactly once.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub(super) pattern: Pattern,
    /// Shards that are done with.
    pub(super) shards_done: usize,
    pub(super) resume_point: ResumePoint,
    pub(super) done: bool,
}

/// Where to go on within a shard.
#[derive(Clone, Debug)]
pub(super) enum ResumePoint {
    /// At this key or the first one behind it.
    AtOrAfter(Vec<u8>),
    /// Behind this key.
    After(Vec<u8>),
}

impl Cursor {
    pub(super) fn new(filter: &str) -> Self {
        let pattern = Pattern::of(filter);
        let resume_point = ResumePoint::AtOrAfter(pattern.start());
        Self { pattern, shards_done: 0, resume_point, done: false }
    }

    /// True when nothing is left.
    pub fn done(&self) -> bool {
        self.done
    }

    /// The shard has nothing more.
    pub(super) fn leave_shard(&mut self) {
        self.shards_done += 1;
        self.resume_point = ResumePoint::AtOrAfter(self.pattern.start());
    }
}

impl ResumePoint {
    pub(super) fn bound(&self) -> Bound<&[u8]> {
        match self {
            Self::AtOrAfter(key) => Bound::Included(key),
            Self::After(key) => Bound::Excluded(key),
        }
    }
}
