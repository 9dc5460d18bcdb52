//! The topic trie: finds the subscriptions that match a topic. Nodes are found through one concurrent hash map of
//! edges, which readers use without locks. An edge leads from one node to another over a run of literal levels (all
//! levels up to the next wildcard) or over one `+`. A filter without wildcards is therefore a single edge from the
//! root. Merging the matching subscriptions into deliveries is not part of the trie.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use papaya::{Guard, HashMap, LocalGuard};

mod branch;
mod edge;
mod hash;
mod node;
mod path;
mod subscribers;
#[cfg(test)]
mod tests;
mod walk;
mod write;

use branch::Branch;
use edge::{Edge, EdgeRef, StoredHash};
use hash::LevelHash;
use node::Node;

pub(crate) use subscribers::Subscribers;

use crate::Subscriber;

/// The nodes and edges of the trie. Only one thread at a time may change the trie; any number of threads may read it.
pub(crate) struct Trie<S> {
    edges: HashMap<Edge, Node<S>, StoredHash>,
    hash: LevelHash,
    /// The branch at which all filters except `#` begin. This branch exists as long as the trie.
    root: Arc<Branch>,
    /// The subscribers of `#`.
    match_all: ArcSwap<Subscribers<S>>,
    /// Whether `match_all` has subscribers. Usually `match_all` has none; then readers need not load it.
    has_match_all: AtomicBool,
    /// The id of the next branch. Ids are never reused, so that a reader cannot mistake a new branch for an old one.
    next_id: AtomicU64,
    levels_max: usize,
    /// The text `+`, which all wildcard edges share.
    plus_text: Arc<str>,
    plus_hash: u64,
}

impl<S: Subscriber> Trie<S> {
    pub(crate) fn new(levels_max: usize) -> Self {
        let hash = LevelHash::default();
        Self {
            plus_hash: hash.level("+"),
            edges: HashMap::with_hasher(StoredHash),
            hash,
            root: Arc::new(Branch::new(0)),
            match_all: ArcSwap::from_pointee(Subscribers::default()),
            has_match_all: AtomicBool::new(false),
            next_id: AtomicU64::new(1),
            levels_max,
            plus_text: Arc::from("+"),
        }
    }

    /// Returns the guard that readers need. Nodes that were read are not freed while the guard exists.
    pub(crate) fn guard(&self) -> LocalGuard<'_> {
        self.edges.guard()
    }

    /// Returns the number of edges, which determines the memory use of the trie.
    #[cfg(test)]
    pub(crate) fn edges(&self) -> usize {
        self.edges.len()
    }

    /// Frees the entries that this thread's changes have replaced and that no reader still uses.
    pub(crate) fn reclaim(&self) {
        self.edges.guard().flush();
    }

    fn node<'g>(&self, edge: &EdgeRef<'_>, guard: &'g LocalGuard<'_>) -> Option<&'g Node<S>> {
        self.edges.get(edge, guard)
    }

    fn new_branch(&self) -> Arc<Branch> {
        Arc::new(Branch::new(self.next_id.fetch_add(1, Ordering::Relaxed)))
    }
}
