//! The key of an edge: the branch that it leaves and the levels that it covers. The hash is stored in the key, so that
//! the hash map does not hash every text again when it grows.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use papaya::Equivalent;

/// The key of an edge as the hash map stores it.
#[derive(Clone)]
pub(super) struct Edge {
    hash: u64,
    parent: u64,
    /// The text of the levels. A trailing `/#` is not part of the edge.
    text: Arc<str>,
}

/// The key of an edge to look up in the hash map.
#[derive(Clone, Copy)]
pub(super) struct EdgeRef<'a> {
    pub(super) hash: u64,
    pub(super) parent: u64,
    pub(super) text: &'a str,
}

impl EdgeRef<'_> {
    /// Returns the key to store. `text` must satisfy [`is_text_of`] for the levels of this edge.
    pub(super) fn stored(&self, text: Arc<str>) -> Edge {
        Edge { hash: self.hash, parent: self.parent, text }
    }
}

impl Equivalent<Edge> for EdgeRef<'_> {
    fn equivalent(&self, key: &Edge) -> bool {
        self.hash == key.hash && self.parent == key.parent && is_text_of(&key.text, self.text)
    }
}

/// Returns whether a stored text represents these levels. No level of an edge is `#`, so an edge can share the text of
/// a filter that ends with `/#`.
pub(super) fn is_text_of(stored: &str, levels: &str) -> bool {
    stored.strip_prefix(levels).is_some_and(|rest| matches!(rest, "" | "/#"))
}

impl PartialEq for Edge {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.parent == other.parent && self.levels() == other.levels()
    }
}

impl Eq for Edge {}

impl Edge {
    fn levels(&self) -> &str {
        self.text.strip_suffix("/#").unwrap_or(&self.text)
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

/// Builds hashers that return the stored hash.
#[derive(Clone, Copy, Default)]
pub(super) struct StoredHash;

/// A hasher whose result is the number written to it.
pub(super) struct StoredHasher(u64);

impl BuildHasher for StoredHash {
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
