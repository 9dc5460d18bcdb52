//! Rosters against an ordered map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Keyed, LEAF_MAX, Roster};

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

proptest! {
    #[test]
    fn behaves_like_a_map(changes in prop::collection::vec((any::<bool>(), 0..200u64, any::<u8>()), 0..600)) {
        let mut roster = Roster::Empty;
        let mut model = BTreeMap::new();
        for (insert, key, value) in changes {
            if insert {
                let (changed, existed) = roster.with(Entry { key, value });
                prop_assert_eq!(existed, model.insert(key, value).is_some());
                roster = changed;
            } else {
                let changed = roster.without(key);
                prop_assert_eq!(changed.is_some(), model.remove(&key).is_some());
                roster = changed.unwrap_or(roster);
            }
            prop_assert_eq!(roster.len(), model.len());
            prop_assert_eq!(roster.is_empty(), model.is_empty());
            prop_assert_eq!(roster.find(key).map(|entry| entry.value), model.get(&key).copied());
        }
        prop_assert_eq!(sorted(&roster), model.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn every_entry_has_one_position() {
    let mut roster = Roster::Empty;
    for key in 0..1000 {
        roster = roster.with(Entry { key, value: 0 }).0;
    }
    let mut keys: Vec<_> = (0..1000).filter_map(|position| roster.nth(position)).map(Keyed::key).collect();
    keys.sort_unstable();
    assert_eq!(keys, (0..1000).collect::<Vec<_>>());
    assert!(roster.nth(1000).is_none());
}

#[test]
fn a_change_leaves_the_original_as_it_was() {
    let mut roster = Roster::Empty;
    for key in 0..100 {
        roster = roster.with(Entry { key, value: 1 }).0;
    }
    let before = sorted(&roster);
    let (_, existed) = roster.with(Entry { key: 50, value: 2 });
    assert!(existed);
    assert!(roster.without(51).is_some());
    assert_eq!(sorted(&roster), before);
}

#[test]
fn a_roster_that_empties_folds_up() {
    let mut roster = Roster::Empty;
    for key in 0..10_000 {
        roster = roster.with(Entry { key, value: 0 }).0;
    }
    for key in 4..10_000 {
        roster = roster.without(key).unwrap();
    }
    assert!(matches!(&roster, Roster::Leaf(entries) if entries.len() <= LEAF_MAX));
    for key in 0..4 {
        roster = roster.without(key).unwrap();
    }
    assert!(matches!(roster, Roster::Empty));
}
