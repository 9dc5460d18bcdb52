//! Hashes of levels and of runs of levels. The hash of a run is extended level by level, so that a reader that looks up
//! runs of several lengths hashes each level only once.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;

/// Hashes levels with a random seed, so that a peer cannot choose levels that collide.
#[derive(Default)]
pub(super) struct LevelHash(RandomState);

impl LevelHash {
    pub(super) fn level(&self, text: &str) -> u64 {
        self.0.hash_one(text)
    }

    /// Returns the hash of the edge that leaves the branch `parent` over these levels.
    pub(super) fn edge(&self, parent: u64, text: &str) -> u64 {
        let run = text.split('/').fold(start(parent), |run, level| extend(run, self.level(level)));
        finish(run)
    }
}

/// Returns the hash state of an empty run that leaves the branch `parent`.
pub(super) fn start(parent: u64) -> u64 {
    parent.wrapping_mul(HASH_MULTIPLIER)
}

/// Returns the hash state of a run extended by one level.
pub(super) fn extend(run: u64, level: u64) -> u64 {
    (run.rotate_left(23) ^ level).wrapping_mul(HASH_MULTIPLIER)
}

/// Returns the final hash of a run, with its bits distributed evenly.
pub(super) fn finish(run: u64) -> u64 {
    (run ^ (run >> 32)).wrapping_mul(HASH_MULTIPLIER).rotate_left(26)
}

const HASH_MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests;
