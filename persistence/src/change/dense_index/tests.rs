//! Compares the index with a plain map, for ids that are close, far apart and mixed.

use proptest::prelude::*;

use super::*;

/// Generates ids around two values that are far from each other, and a few arbitrary ids.
fn id() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 1_000_000..1_002_000_u64, 3 => 0..300_u64, 1 => any::<u64>()]
}

proptest! {
    #[test]
    fn the_index_finds_exactly_the_ids_that_it_contains(
        steps in prop::collection::vec((id(), any::<bool>()), 0..400)
    ) {
        let (mut index, mut known) = (DenseIndex::default(), HashMap::default());
        for (slot, (id, inserts)) in (0..).zip(&steps) {
            if *inserts && !known.contains_key(id) {
                index.insert(*id, slot);
                known.insert(*id, slot);
            } else if !inserts && known.remove(id).is_some() {
                index.remove(*id);
            }
            prop_assert_eq!(index.find(*id), known.get(id).copied());
        }
        for (id, _) in &steps {
            prop_assert_eq!(index.find(*id), known.get(id).copied());
        }
        prop_assert!(index.dense.len() <= DENSE_LEN_MIN + DENSE_LEN_PER_ID * steps.len());
    }
}

#[test]
fn adjacent_ids_are_in_the_array_whatever_came_first() {
    let mut index = DenseIndex::default();
    index.insert(7, 0);
    (1..=10_000).for_each(|slot| index.insert(5_000_000 + u64::from(slot), slot));
    assert!(index.sparse.len() <= 2 && index.count >= 9_999);
    assert_eq!((index.find(7), index.find(5_000_500), index.find(8)), (Some(0), Some(500), None));
}

#[test]
fn the_array_follows_rising_ids() {
    let mut index = DenseIndex::default();
    for id in 1..100_000 {
        index.insert(id, 1);
        if id > 10 {
            index.remove(id - 10);
        }
    }
    assert!(index.dense.len() <= 11 && index.sparse.is_empty());
}
