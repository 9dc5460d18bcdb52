//! Rosters against an ordered map.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Change, Keyed, LEAF_MAX, Roster, mix};
use crate::over::Over;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    key: u64,
    value: u8,
}

impl Keyed for Entry {
    fn key(&self) -> u64 {
        self.key
    }
}

fn sorted(roster: &Roster<Entry>) -> Vec<(u64, u8)> {
    let mut entries = Vec::new();
    roster.collect(&mut entries);
    let mut entries: Vec<_> = entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
    entries.sort_unstable();
    entries
}

fn put(roster: &mut Roster<Entry>, key: u64, value: u8) -> bool {
    let (change, existed) = roster.with(Entry { key, value });
    if let Change::Into(changed) = change {
        *roster = changed;
    }
    existed
}

fn take(roster: &mut Roster<Entry>, key: u64) -> bool {
    let Some(change) = roster.without(key) else { return false };
    if let Change::Into(changed) = change {
        *roster = changed;
    }
    true
}

proptest! {
    #[test]
    fn behaves_like_a_map(changes in prop::collection::vec((any::<bool>(), 0..200u64, any::<u8>()), 0..600)) {
        let mut roster = Roster::Empty;
        let mut model = BTreeMap::new();
        for (insert, key, value) in changes {
            if insert {
                prop_assert_eq!(put(&mut roster, key, value), model.insert(key, value).is_some());
            } else {
                prop_assert_eq!(take(&mut roster, key), model.remove(&key).is_some());
            }
            prop_assert_eq!(roster.len(), model.len());
            prop_assert_eq!(roster.is_empty(), model.is_empty());
            prop_assert_eq!(roster.has(key), model.contains_key(&key));
        }
        prop_assert_eq!(sorted(&roster), model.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn every_entry_has_one_position() {
    let mut roster = Roster::Empty;
    (0..1000).for_each(|key| assert!(!put(&mut roster, key, 0)));
    let mut keys: Vec<_> =
        (0..1000).filter_map(|position| roster.nth(position)).map(|entry| entry.key).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..1000).collect::<Vec<_>>());
    assert!(roster.nth(1000).is_none());
}

#[test]
fn a_change_of_a_small_roster_leaves_the_original_as_it_was() {
    let mut roster = Roster::Empty;
    (0..8).for_each(|key| assert!(!put(&mut roster, key, 1)));
    let before = sorted(&roster);
    assert!(put(&mut roster.clone(), 5, 2));
    assert!(take(&mut roster.clone(), 6));
    assert!(!put(&mut roster.clone(), 9, 2));
    assert_eq!(sorted(&roster), before);
}

#[test]
fn a_roster_that_empties_folds_up() {
    let mut roster = Roster::Empty;
    (0..10_000).for_each(|key| assert!(!put(&mut roster, key, 0)));
    (4..10_000).for_each(|key| assert!(take(&mut roster, key)));
    assert!(matches!(&roster, Roster::Leaf(entries) if entries.len() == 4));
    (0..4).for_each(|key| assert!(take(&mut roster, key)));
    assert!(matches!(roster, Roster::Empty));
}

/// Readers beside a writer see each entry that stays exactly once, also while it is replaced, and while leaves around
/// it part and fold up.
#[test]
fn what_stays_is_seen_exactly_once() {
    let mut roster = Roster::Empty;
    (0..10).for_each(|key| assert!(!put(&mut roster, key, 0)));
    let over = Over::default();
    std::thread::scope(|scope| {
        let mut writers = roster.clone();
        let over = &over;
        scope.spawn(move || {
            let _end = over.raise_at_end();
            for round in 0..4000_u64 {
                (10..60).for_each(|key| assert!(!put(&mut writers, key, 0)));
                (0..10).for_each(|key| assert!(put(&mut writers, key, round as u8)));
                (10..60).for_each(|key| assert!(take(&mut writers, key)));
            }
        });
        while !over.is_raised() {
            let keys = sorted(&roster).into_iter().map(|(key, _)| key);
            let staying: Vec<_> = keys.filter(|key| *key < 10).collect();
            assert_eq!(staying, (0..10).collect::<Vec<_>>());
        }
    });
}

/// Between the two sizes a roster stays as it is: one that comes and goes does not rebuild it.
#[test]
fn it_grows_wide_above_a_leaf_and_narrow_well_below() {
    let mut roster = Roster::Empty;
    assert!(!put(&mut roster, 0, 0));
    assert!(matches!(roster, Roster::One(_)));
    (1..8).for_each(|key| assert!(!put(&mut roster, key, 0)));
    assert!(matches!(&roster, Roster::Leaf(entries) if entries.len() == LEAF_MAX));
    assert!(!put(&mut roster, 8, 0));
    assert!(matches!(roster, Roster::Wide(_)));
    (5..9).for_each(|key| assert!(take(&mut roster, key)));
    assert!(matches!(&roster, Roster::Wide(fork) if fork.len() == 5));
    assert!(take(&mut roster, 4));
    assert!(matches!(&roster, Roster::Leaf(entries) if entries.len() == 4));
    (1..4).for_each(|key| assert!(take(&mut roster, key)));
    assert!(matches!(roster, Roster::One(_)));
}

/// Wherever keys differ, every part of what they are mixed to does: else the tree grows deep.
#[test]
fn mixed_keys_are_spread_and_never_equal() {
    for shift in (0..=52).step_by(4) {
        let mixed: BTreeSet<_> = (0..4096_u64).map(|key| mix(key << shift)).collect();
        assert_eq!(mixed.len(), 4096);
        for place in (0..=52).step_by(4) {
            let part: BTreeSet<_> = mixed.iter().map(|mixed| (mixed >> place) & 0xfff).collect();
            assert!(part.len() > 2400, "{} of 4,096 at {place} for keys at {shift}", part.len());
        }
    }
}

/// A bijection can be undone.
#[test]
fn mixing_loses_nothing() {
    let unshift =
        |mixed: u64, bits: u32| (0..64).step_by(bits as usize).fold(0, |key, by| key ^ (mixed >> by));
    let unmix = |mixed: u64| {
        let key = unshift(mixed, 31).wrapping_mul(0x3196_42b2_d24d_8ec3);
        unshift(unshift(key, 27).wrapping_mul(0x96de_1b17_3f11_9089), 30)
    };
    for key in (0..1000).chain((0..1000).map(|key| u64::MAX / 1000 * key)) {
        assert_eq!(unmix(mix(key)), key);
    }
}
