//! Hashes of levels and of runs of levels. The hash of a run is extended level by level, so that a reader that tries
//! several lengths hashes each level once.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;

/// Hashes levels with a random seed, so that a peer cannot choose levels that collide.
#[derive(Default)]
pub(super) struct LevelHash(RandomState);

impl LevelHash {
    pub(super) fn level(&self, text: &str) -> u64 {
        self.0.hash_one(text)
    }

    /// The hash of the edge that leaves `parent` over these levels.
    pub(super) fn edge(&self, parent: u64, text: &str) -> u64 {
        let run = text.split('/').fold(start(parent), |run, level| extend(run, self.level(level)));
        finish(run)
    }
}

/// The hash state of an empty run that leaves `parent`.
pub(super) fn start(parent: u64) -> u64 {
    parent.wrapping_mul(FACTOR)
}

/// The hash state of the run with one more level.
pub(super) fn extend(run: u64, level: u64) -> u64 {
    (run.rotate_left(23) ^ level).wrapping_mul(FACTOR)
}

/// Spreads the hash over all bits.
pub(super) fn finish(run: u64) -> u64 {
    (run ^ (run >> 32)).wrapping_mul(FACTOR).rotate_left(26)
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests;
