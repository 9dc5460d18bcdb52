//! The topic trie: which subscriptions match a topic. Its nodes are found through one concurrent hash map of edges,
//! read without locks. An edge leads from a node over a run of literal levels (as many as stand between two
//! wildcards) or over one `+`; a filter without wildcards is therefore a single edge from the root.
//! Not here: how matches become deliveries.

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

/// Nodes and edges. Changes must come one at a time; reads may come at any time.
pub(crate) struct Trie<S> {
    edges: HashMap<Edge, Node<S>, StoredHash>,
    hash: LevelHash,
    /// The branch that all filters but `#` begin at. It stays for as long as the trie.
    root: Arc<Branch>,
    /// Subscribers of `#`.
    match_all: ArcSwap<Subscribers<S>>,
    /// Spares readers the load of `match_all` in the usual case.
    has_match_all: AtomicBool,
    /// The next node's number: never used twice, so that a reader cannot mistake a new node for an old one.
    next_id: AtomicU64,
    levels_max: usize,
    /// The text that all wildcard edges share.
    plus: Arc<str>,
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
            plus: Arc::from("+"),
        }
    }

    /// Needed by whoever reads: holds back the reclamation of what is being read.
    pub(crate) fn guard(&self) -> LocalGuard<'_> {
        self.edges.guard()
    }

    /// Edges in all: what the trie's memory is made of.
    #[cfg(test)]
    pub(crate) fn edges(&self) -> usize {
        self.edges.len()
    }

    /// Gives back what this thread's changes have replaced, as far as nobody reads it any more.
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
