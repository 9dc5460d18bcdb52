//! The key of an edge: which node it leaves, and over which levels. Its hash is stored with it, so that a growing
//! table does not read every text again.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use papaya::Equivalent;

/// An edge as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Edge {
    hash: u64,
    parent: u64,
    text: Arc<str>,
}

/// An edge to look for.
#[derive(Clone, Copy)]
pub(super) struct EdgeRef<'a> {
    pub(super) hash: u64,
    pub(super) parent: u64,
    pub(super) text: &'a str,
}

impl EdgeRef<'_> {
    /// To be stored with this text, which must be the same as this edge's.
    pub(super) fn stored(&self, text: Arc<str>) -> Edge {
        Edge { hash: self.hash, parent: self.parent, text }
    }
}

impl Equivalent<Edge> for EdgeRef<'_> {
    fn equivalent(&self, key: &Edge) -> bool {
        self.hash == key.hash && self.parent == key.parent && *self.text == *key.text
    }
}

impl Hash for Edge {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for EdgeRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Takes the stored hash as it is.
#[derive(Clone, Copy, Default)]
pub(super) struct Stored;

/// See [`Stored`].
pub(super) struct StoredHasher(u64);

impl BuildHasher for Stored {
    type Hasher = StoredHasher;

    fn build_hasher(&self) -> StoredHasher {
        StoredHasher(0)
    }
}

impl Hasher for StoredHasher {
    fn write(&mut self, _: &[u8]) {
        unreachable!("edges write one u64");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests;
