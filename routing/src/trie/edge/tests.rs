//! An edge is found only by its complete key, and the stored hash is used as it is.

use std::hash::BuildHasher;
use std::sync::Arc;

use papaya::Equivalent;

use super::{EdgeRef, StoredHash};

const EDGE: EdgeRef<'_> = EdgeRef { hash: 7, parent: 3, text: "a/b" };

#[test]
fn an_edge_is_found_only_when_every_part_of_its_key_is_equal() {
    let stored = EDGE.stored(Arc::from("a/b"));
    assert!(EDGE.equivalent(&stored));
    let others =
        [EdgeRef { hash: 8, ..EDGE }, EdgeRef { parent: 4, ..EDGE }, EdgeRef { text: "a/c", ..EDGE }];
    assert!(others.iter().all(|other| !other.equivalent(&stored)));
}

#[test]
fn a_stored_text_may_end_with_the_multi_level_wildcard() {
    let stored = EDGE.stored(Arc::from("a/b/#"));
    assert!(EDGE.equivalent(&stored));
    assert!(EDGE.stored(Arc::from("a/b")) == stored);
    assert!(!EdgeRef { text: "a", ..EDGE }.equivalent(&stored));
    assert!(!EDGE.equivalent(&EDGE.stored(Arc::from("a/b/c"))));
}

#[test]
fn hashing_an_edge_returns_its_stored_hash() {
    assert_eq!(StoredHash.hash_one(EDGE), 7);
    assert_eq!(StoredHash.hash_one(EDGE.stored(Arc::from("a/b"))), 7);
}
