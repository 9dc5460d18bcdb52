//! The progress of a replay.

use std::ops::Bound;

use super::pattern::Pattern;

/// The progress of a replay of all retained messages that match one filter. The cursor holds no lock and no message.
/// The cursor stays valid while the store changes: a message that stays in the store during the whole replay is
/// returned exactly once.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub(super) pattern: Pattern,
    /// Number of shards that are finished.
    pub(super) shards_done: usize,
    pub(super) resume_point: ResumePoint,
    pub(super) is_done: bool,
}

/// The point at which a replay continues within a shard.
#[derive(Clone, Debug)]
pub(super) enum ResumePoint {
    /// Continue at this key, or at the first key after it if this key does not exist.
    AtOrAfter(Vec<u8>),
    /// Continue after this key.
    After(Vec<u8>),
}

impl Cursor {
    pub(super) fn new(filter: &str) -> Self {
        let pattern = Pattern::from_filter(filter);
        let resume_point = ResumePoint::AtOrAfter(pattern.first_key());
        Self { pattern, shards_done: 0, resume_point, is_done: false }
    }

    /// Returns whether the replay has ended.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Moves on to the next shard.
    pub(super) fn leave_shard(&mut self) {
        self.shards_done += 1;
        self.resume_point = ResumePoint::AtOrAfter(self.pattern.first_key());
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
