//! Matching: walks from the root along all edges that agree with the levels of the topic.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use papaya::LocalGuard;
use smallvec::SmallVec;

use super::branch::{Branch, length_bit};
use super::edge::EdgeRef;
use super::subscribers::Subscribers;
use super::{Trie, hash};
use crate::Subscriber;

/// The subscribers of the filters that match a topic.
pub(crate) struct Matches<'g, S> {
    /// One entry per filter, in no particular order.
    pub(crate) subscribers_by_filter: SmallVec<[&'g Subscribers<S>; 8]>,
    /// The subscribers of `#`.
    pub(crate) match_all: Option<Arc<Subscribers<S>>>,
}

impl<S: Subscriber> Trie<S> {
    /// Finds the subscribers of all filters that match `topic`. Takes no lock. A filter that exists during the whole
    /// call is always found.
    pub(crate) fn matches<'g>(&self, topic: &str, guard: &'g LocalGuard<'_>) -> Matches<'g, S> {
        // A topic that begins with `$` only matches filters with a literal first level. [MQTT5-4.7.2-1] [MQTT3-4.7.2-1]
        let reserved = topic.starts_with('$');
        let mut walk = Walk {
            trie: self,
            guard,
            topic: Topic::new(self, topic),
            pending: SmallVec::new(),
            found: SmallVec::new(),
        };
        walk.expand(&self.root, 0, !reserved);
        while let Some((branch, level)) = walk.pending.pop() {
            walk.expand(branch, level, true);
        }
        let match_all = !reserved && self.has_match_all.load(Ordering::Acquire);
        let subscribers_by_filter = walk.found;
        Matches { subscribers_by_filter, match_all: match_all.then(|| self.match_all.load_full()) }
    }
}

struct Walk<'w, 'g, S> {
    trie: &'w Trie<S>,
    guard: &'g LocalGuard<'g>,
    topic: Topic<'w>,
    /// Branches that are still to be visited, each with the number of topic levels that lead to it.
    pending: SmallVec<[(&'g Branch, usize); 16]>,
    found: SmallVec<[&'g Subscribers<S>; 8]>,
}

impl<'g, S: Subscriber> Walk<'_, 'g, S> {
    fn expand(&mut self, branch: &Branch, level: usize, wildcards: bool) {
        let remaining = self.topic.levels.len() - level;
        let lengths = branch.lengths(remaining);
        if lengths != 0 {
            self.expand_runs(branch.id, level, lengths);
        }
        if wildcards && branch.has_plus() {
            let run = hash::extend(hash::start(branch.id), self.trie.plus_hash);
            self.follow(EdgeRef { hash: hash::finish(run), parent: branch.id, text: "+" }, level + 1);
        }
    }

    fn expand_runs(&mut self, parent: u64, level: usize, lengths: u64) {
        let mut run = hash::start(parent);
        let mut left = lengths;
        for end in level + 1..=self.topic.levels.len() {
            run = hash::extend(run, self.topic.hash_before(end));
            let bit = length_bit(end - level);
            if lengths & bit == 0 {
                continue;
            }
            let text = self.topic.text_of_levels(level, end);
            self.follow(EdgeRef { hash: hash::finish(run), parent, text }, end);
            left &= !bit;
            if left == 0 && end - level < 64 {
                break;
            }
        }
    }

    fn follow(&mut self, edge: EdgeRef<'_>, level: usize) {
        let Some(node) = self.trie.node(&edge, self.guard) else { return };
        let ends = level == self.topic.levels.len();
        // `a/#` also matches `a`, its parent level.
        self.found.extend(node.subscribers(true).filter(|multi_level| !multi_level.is_empty()));
        if ends && !node.exact_subscribers.is_empty() {
            self.found.push(&node.exact_subscribers);
        }
        if let (false, Some(branch)) = (ends, node.branch()) {
            self.pending.push((branch, level));
        }
    }
}

/// A topic split into levels, with the hash of each level. At most `levels_max + 1` levels are kept: no edge leads
/// further, and the additional level shows that the topic continues.
struct Topic<'t> {
    text: &'t str,
    levels: SmallVec<[Level; 12]>,
}

struct Level {
    /// Offset of the end of the level in the text.
    end: usize,
    hash: u64,
}

impl<'t> Topic<'t> {
    fn new<S: Subscriber>(trie: &Trie<S>, text: &'t str) -> Self {
        let mut start = 0;
        let levels = tidegate_mqtt::topic::levels(text).take(trie.levels_max + 1).map(|level| {
            let end = start + level.len();
            start = end + 1;
            Level { end, hash: trie.hash.level(level) }
        });
        Self { text, levels: levels.collect() }
    }

    /// Returns the hash of the last level before level `end`.
    fn hash_before(&self, end: usize) -> u64 {
        self.levels.get(end - 1).map_or(0, |level| level.hash)
    }

    /// Returns the text of the levels from `start` up to, but not including, `end`.
    fn text_of_levels(&self, start: usize, end: usize) -> &'t str {
        let from =
            start.checked_sub(1).and_then(|before| self.levels.get(before)).map_or(0, |level| level.end + 1);
        let to = end.checked_sub(1).and_then(|last| self.levels.get(last)).map_or(0, |level| level.end);
        self.text.get(from..to).unwrap_or_default()
    }
}
