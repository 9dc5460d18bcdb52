//! The shape of the tree: counts that agree, leaves that are bounded, no deeper than needed.

use super::{Child, Fork, Keyed, LEAF_MAX, NARROW};

impl Keyed for u64 {
    fn key(&self) -> u64 {
        *self
    }
}

/// What was found below a fork.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    entries: usize,
    leaf_max: usize,
    /// Entries of the fork with the fewest, the topmost apart.
    fork_min: Option<usize>,
    depth: usize,
}

fn shape(fork: &Fork<u64>, depth: usize) -> Shape {
    let mut whole = Shape { depth, ..Shape::default() };
    for place in &fork.children {
        let child = place.load();
        let part = match child.as_deref() {
            None => continue,
            Some(Child::Leaf(entries)) => {
                assert!(!entries.is_empty());
                Shape { entries: entries.len(), leaf_max: entries.len(), fork_min: None, depth }
            }
            Some(Child::Fork(below)) => {
                let part = shape(below, depth + 1);
                let fork_min = Some(part.fork_min.map_or(part.entries, |min| min.min(part.entries)));
                Shape { fork_min, ..part }
            }
        };
        whole.entries += part.entries;
        whole.leaf_max = whole.leaf_max.max(part.leaf_max);
        whole.depth = whole.depth.max(part.depth);
        whole.fork_min = [whole.fork_min, part.fork_min].into_iter().flatten().min();
    }
    assert_eq!(fork.len(), whole.entries);
    whole
}

#[test]
fn leaves_part_when_full_and_fold_up_when_few() {
    let fork = Fork::of(Vec::new(), 0);
    for key in 0..4000 {
        assert!(!fork.put(key, 0));
    }
    let full = shape(&fork, 1);
    assert_eq!((full.entries, full.leaf_max), (4000, LEAF_MAX));
    assert!(full.depth <= 8, "{full:?}");
    assert!(full.fork_min > Some(LEAF_MAX));
    for key in 1000..4000 {
        assert!(fork.take(key, 0));
        assert!(!fork.take(key, 0));
    }
    let rest = shape(&fork, 1);
    assert_eq!(rest.entries, 1000);
    assert!(rest.leaf_max <= LEAF_MAX);
    assert_eq!(rest.fork_min, Some(NARROW + 1), "a fork stays until it is well below a leaf's size");
}
