//! The key of an edge: which node it leaves, and over which levels. Its hash is stored with it, so that a growing
//! table does not read every text again.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use papaya::Equivalent;

/// An edge as it is stored.
#[derive(Clone)]
pub(super) struct Edge {
    hash: u64,
    parent: u64,
    /// The levels; `/#` behind them is not part of the edge.
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
    /// To be stored with this text, which must be this edge's: see [`is_text_of`].
    pub(super) fn stored(&self, text: Arc<str>) -> Edge {
        Edge { hash: self.hash, parent: self.parent, text }
    }
}

impl Equivalent<Edge> for EdgeRef<'_> {
    fn equivalent(&self, key: &Edge) -> bool {
        self.hash == key.hash && self.parent == key.parent && is_text_of(&key.text, self.text)
    }
}

/// True when a stored text stands for these levels: no level is `#`, so an edge can keep a filter with `/#` as it is.
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

/// Takes the stored hash as it is.
#[derive(Clone, Copy, Default)]
pub(super) struct StoredHash;

/// See [`StoredHash`].
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
