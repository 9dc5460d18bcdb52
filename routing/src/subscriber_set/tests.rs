//! The subscriber set compared with an ordered map.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Keyed, LEAF_MAX, SetUpdate, SubscriberSet, mix_bits};
use crate::finished_flag::FinishedFlag;

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

fn sorted(set: &SubscriberSet<Entry>) -> Vec<(u64, u8)> {
    let mut entries = Vec::new();
    set.collect(&mut entries);
    let mut entries: Vec<_> = entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
    entries.sort_unstable();
    entries
}

fn insert(set: &mut SubscriberSet<Entry>, key: u64, value: u8) -> bool {
    let (update, existed) = set.insert(Entry { key, value });
    if let SetUpdate::Replace(changed) = update {
        *set = changed;
    }
    existed
}

fn remove(set: &mut SubscriberSet<Entry>, key: u64) -> bool {
    let Some(update) = set.remove(key) else { return false };
    if let SetUpdate::Replace(changed) = update {
        *set = changed;
    }
    true
}

proptest! {
    #[test]
    fn a_set_behaves_like_a_map(changes in prop::collection::vec((any::<bool>(), 0..200u64, any::<u8>()), 0..600)) {
        let mut set = SubscriberSet::Empty;
        let mut model = BTreeMap::new();
        for (inserts, key, value) in changes {
            if inserts {
                prop_assert_eq!(insert(&mut set, key, value), model.insert(key, value).is_some());
            } else {
                prop_assert_eq!(remove(&mut set, key), model.remove(&key).is_some());
            }
            prop_assert_eq!(set.len(), model.len());
            prop_assert_eq!(set.is_empty(), model.is_empty());
            prop_assert_eq!(set.contains(key), model.contains_key(&key));
        }
        prop_assert_eq!(sorted(&set), model.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn every_entry_has_one_position() {
    let mut set = SubscriberSet::Empty;
    (0..1000).for_each(|key| assert!(!insert(&mut set, key, 0)));
    let mut keys: Vec<_> =
        (0..1000).filter_map(|position| set.nth(position)).map(|entry| entry.key).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..1000).collect::<Vec<_>>());
    assert!(set.nth(1000).is_none());
}

#[test]
fn changing_a_small_set_does_not_alter_the_original() {
    let mut set = SubscriberSet::Empty;
    (0..8).for_each(|key| assert!(!insert(&mut set, key, 1)));
    let before = sorted(&set);
    assert!(insert(&mut set.clone(), 5, 2));
    assert!(remove(&mut set.clone(), 6));
    assert!(!insert(&mut set.clone(), 9, 2));
    assert_eq!(sorted(&set), before);
}

#[test]
fn a_set_collapses_as_it_empties() {
    let mut set = SubscriberSet::Empty;
    (0..10_000).for_each(|key| assert!(!insert(&mut set, key, 0)));
    (4..10_000).for_each(|key| assert!(remove(&mut set, key)));
    assert!(matches!(&set, SubscriberSet::Slice(entries) if entries.len() == 4));
    (0..4).for_each(|key| assert!(remove(&mut set, key)));
    assert!(matches!(set, SubscriberSet::Empty));
}

/// While another thread replaces entries, splits leaves and collapses nodes, readers find each entry that stays in the
/// set exactly once.
#[test]
fn readers_see_entries_that_stay_exactly_once() {
    let mut set = SubscriberSet::Empty;
    (0..10).for_each(|key| assert!(!insert(&mut set, key, 0)));
    let finished = FinishedFlag::default();
    std::thread::scope(|scope| {
        let mut writer_set = set.clone();
        let finished = &finished;
        scope.spawn(move || {
            let _end = finished.set_on_drop();
            for round in 0..4000_u64 {
                (10..60).for_each(|key| assert!(!insert(&mut writer_set, key, 0)));
                (0..10).for_each(|key| assert!(insert(&mut writer_set, key, round as u8)));
                (10..60).for_each(|key| assert!(remove(&mut writer_set, key)));
            }
        });
        while !finished.is_set() {
            let keys = sorted(&set).into_iter().map(|(key, _)| key);
            let staying: Vec<_> = keys.filter(|key| *key < 10).collect();
            assert_eq!(staying, (0..10).collect::<Vec<_>>());
        }
    });
}

/// Between the two sizes a set keeps its form. Otherwise, a subscriber that repeatedly joins and leaves could rebuild
/// the set each time.
#[test]
fn a_set_becomes_a_tree_above_the_leaf_size_and_a_slice_again_at_half_of_it() {
    let mut set = SubscriberSet::Empty;
    assert!(!insert(&mut set, 0, 0));
    assert!(matches!(set, SubscriberSet::One(_)));
    (1..8).for_each(|key| assert!(!insert(&mut set, key, 0)));
    assert!(matches!(&set, SubscriberSet::Slice(entries) if entries.len() == LEAF_MAX));
    assert!(!insert(&mut set, 8, 0));
    assert!(matches!(set, SubscriberSet::Tree(_)));
    (5..9).for_each(|key| assert!(remove(&mut set, key)));
    assert!(matches!(&set, SubscriberSet::Tree(root) if root.len() == 5));
    assert!(remove(&mut set, 4));
    assert!(matches!(&set, SubscriberSet::Slice(entries) if entries.len() == 4));
    (1..4).for_each(|key| assert!(remove(&mut set, key)));
    assert!(matches!(set, SubscriberSet::One(_)));
}

/// If keys differ in some bits, their mixed values must differ in every group of bits. Otherwise the tree would become
/// deep.
#[test]
fn mixed_keys_are_spread_and_never_equal() {
    for shift in (0..=52).step_by(4) {
        let mixed: BTreeSet<_> = (0..4096_u64).map(|key| mix_bits(key << shift)).collect();
        assert_eq!(mixed.len(), 4096);
        for shift_right in (0..=52).step_by(4) {
            let part: BTreeSet<_> = mixed.iter().map(|mixed| (mixed >> shift_right) & 0xfff).collect();
            assert!(part.len() > 2400, "{} of 4,096 at {shift_right} for keys at {shift}", part.len());
        }
    }
}

/// [`mix_bits`] is a bijection if it has an inverse function.
#[test]
fn mixing_can_be_inverted() {
    let unshift =
        |mixed: u64, bits: u32| (0..64).step_by(bits as usize).fold(0, |key, by| key ^ (mixed >> by));
    let unmix = |mixed: u64| {
        let key = unshift(mixed, 31).wrapping_mul(0x3196_42b2_d24d_8ec3);
        unshift(unshift(key, 27).wrapping_mul(0x96de_1b17_3f11_9089), 30)
    };
    for key in (0..1000).chain((0..1000).map(|key| u64::MAX / 1000 * key)) {
        assert_eq!(unmix(mix_bits(key)), key);
    }
}
