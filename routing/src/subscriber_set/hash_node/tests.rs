//! The shape of the tree: correct counts, bounded leaves, and no more depth than needed.

use super::{COLLAPSE_LEN, Child, HashNode, Keyed, LEAF_MAX};

impl Keyed for u64 {
    fn key(&self) -> u64 {
        *self
    }
}

/// Statistics of the subtree below a node.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    entries: usize,
    leaf_max: usize,
    /// The smallest number of entries below an inner node, not counting the root.
    node_min: Option<usize>,
    depth: usize,
}

fn shape(node: &HashNode<u64>, depth: usize) -> Shape {
    let mut whole = Shape { depth, ..Shape::default() };
    for slot in &node.children {
        let child = slot.load();
        let part = match child.as_deref() {
            None => continue,
            Some(Child::Leaf(entries)) => {
                assert!(!entries.is_empty());
                Shape { entries: entries.len(), leaf_max: entries.len(), node_min: None, depth }
            }
            Some(Child::Node(below)) => {
                let part = shape(below, depth + 1);
                let node_min = Some(part.node_min.map_or(part.entries, |min| min.min(part.entries)));
                Shape { node_min, ..part }
            }
        };
        whole.entries += part.entries;
        whole.leaf_max = whole.leaf_max.max(part.leaf_max);
        whole.depth = whole.depth.max(part.depth);
        whole.node_min = [whole.node_min, part.node_min].into_iter().flatten().min();
    }
    assert_eq!(node.len(), whole.entries);
    whole
}

#[test]
fn leaves_split_when_full_and_nodes_collapse_when_few_entries_remain() {
    let node = HashNode::from_entries(Vec::new(), 0);
    for key in 0..4000 {
        assert!(!node.insert(key, 0));
    }
    let full = shape(&node, 1);
    assert_eq!((full.entries, full.leaf_max), (4000, LEAF_MAX));
    assert!(full.depth <= 8, "{full:?}");
    assert!(full.node_min > Some(LEAF_MAX));
    for key in 1000..4000 {
        assert!(node.remove(key, 0));
        assert!(!node.remove(key, 0));
    }
    let rest = shape(&node, 1);
    assert_eq!(rest.entries, 1000);
    assert!(rest.leaf_max <= LEAF_MAX);
    assert_eq!(
        rest.node_min,
        Some(COLLAPSE_LEN + 1),
        "a node stays until it is well below the size of a leaf"
    );
}
