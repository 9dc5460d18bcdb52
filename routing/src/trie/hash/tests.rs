//! Edges that differ in any part of their key have different, well-distributed hashes, so that matching is not slowed
//! down by collisions.

use std::collections::BTreeSet;

use super::{LevelHash, extend, finish, start};

#[test]
fn the_hash_depends_on_the_parent_the_levels_and_their_order() {
    let hash = LevelHash::default();
    let texts = ["a", "b", "", "a/b", "b/a", "a/a", "/a", "a/", "+", "a/b/c", "c/b/a"];
    let hashes: BTreeSet<_> = (0..100).flat_map(|parent| texts.map(|text| hash.edge(parent, text))).collect();
    assert_eq!(hashes.len(), 1100);
}

#[test]
fn a_run_is_hashed_level_by_level() {
    let hash = LevelHash::default();
    let run = ["a", "", "c"].iter().fold(start(9), |run, level| extend(run, hash.level(level)));
    assert_eq!(finish(run), hash.edge(9, "a//c"));
}

#[test]
fn every_level_changes_the_hash_of_a_run() {
    for run in [0, u64::MAX] {
        let hashes: BTreeSet<_> = (0..64).map(|bit| extend(run, 1 << bit)).collect();
        assert_eq!(hashes.len(), 64);
    }
}

/// The hash map chooses the position of an entry by the high bits and distinguishes neighbouring entries by the low
/// bits.
#[test]
fn every_part_of_the_hash_is_well_spread() {
    let hash = LevelHash::default();
    let by_level: Vec<_> = (0..4096).map(|number| hash.edge(1, &format!("device{number}/status"))).collect();
    let by_parent: Vec<_> = (0..4096).map(|parent| hash.edge(parent, "+")).collect();
    for shift in (0..=52).step_by(4) {
        for hashes in [&by_level, &by_parent] {
            let part: BTreeSet<_> = hashes.iter().map(|hash| (hash >> shift) & 0xfff).collect();
            assert!(part.len() > 1500, "{} of 4,096 at {shift}", part.len());
        }
    }
}
