//! Changes of the trie. The caller serializes all changes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use papaya::LocalGuard;

use super::Trie;
use super::branch::Branch;
use super::edge::{EdgeRef, is_text_of};
use super::node::Node;
use super::path::{FilterPath, FilterStep};
use super::subscribers::Subscribers;
use crate::Subscriber;

/// The result of a change; `None` if nothing changes. Contains the new subscribers (`None` if they were changed in
/// place) and a value for the caller.
type ChangeResult<S, R> = Option<(Option<Subscribers<S>>, R)>;

impl<S: Subscriber> Trie<S> {
    /// Replaces the subscribers of the filter `text` with the result of `change`. A reader gets either the old or the
    /// new subscribers, never an empty state in between `[MQTT5-3.8.4-4]`.
    pub(crate) fn change<R>(
        &self,
        text: &Arc<str>,
        change: impl FnOnce(&Subscribers<S>) -> ChangeResult<S, R>,
    ) -> Option<R> {
        let path = FilterPath::from_filter(text);
        let guard = self.guard();
        let Some((last, parent_steps)) = path.steps.split_last() else {
            return self.change_match_all(change);
        };
        let mut parents = self.parents(parent_steps, &guard);
        let before = self.subscribers(&parents, last, parent_steps, path.is_multi_level, &guard);
        let (after, result) = change(before.unwrap_or(&Subscribers::default()))?;
        let Some(after) = after else { return Some(result) };
        let ends = after.is_empty();
        let writer = TrieWriter { trie: self, guard: &guard, text };
        writer.create_branches(&mut parents, parent_steps);
        writer.update_node(parents.last().unwrap_or(&self.root), last, |node| {
            node.set(after, path.is_multi_level)
        });
        if ends {
            writer.remove_empty_branches(&parents, parent_steps);
        }
        Some(result)
    }

    /// Calls `read` with the subscribers of the filter `text` and returns the result of `read`.
    pub(crate) fn inspect<R>(&self, text: &str, read: impl FnOnce(&Subscribers<S>) -> R) -> R {
        let path = FilterPath::from_filter(text);
        let guard = self.guard();
        let Some((last, parent_steps)) = path.steps.split_last() else { return read(&self.match_all.load()) };
        let parents = self.parents(parent_steps, &guard);
        read(
            self.subscribers(&parents, last, parent_steps, path.is_multi_level, &guard)
                .unwrap_or(&Subscribers::default()),
        )
    }

    fn change_match_all<R>(&self, change: impl FnOnce(&Subscribers<S>) -> ChangeResult<S, R>) -> Option<R> {
        let (after, result) = change(&self.match_all.load())?;
        if let Some(after) = after {
            let any = !after.is_empty();
            self.match_all.store(Arc::new(after));
            self.has_match_all.store(any, Ordering::Release);
        }
        Some(result)
    }

    /// Returns the existing branches on the path of `parent_steps`, up to the first step whose branch is missing.
    fn parents(&self, parent_steps: &[FilterStep<'_>], guard: &LocalGuard<'_>) -> Vec<Arc<Branch>> {
        let mut parents = Vec::with_capacity(parent_steps.len());
        let mut parent = self.root.id;
        for step in parent_steps {
            let node = self.node(&self.edge(parent, step), guard);
            let Some(branch) = node.and_then(|node| node.branch().cloned()) else { break };
            parent = branch.id;
            parents.push(branch);
        }
        parents
    }

    fn subscribers<'g>(
        &self,
        parents: &[Arc<Branch>],
        last: &FilterStep<'_>,
        parent_steps: &[FilterStep<'_>],
        is_multi_level: bool,
        guard: &'g LocalGuard<'_>,
    ) -> Option<&'g Subscribers<S>> {
        if parents.len() < parent_steps.len() {
            return None;
        }
        let parent = parents.last().unwrap_or(&self.root);
        self.node(&self.edge(parent.id, last), guard)?.subscribers(is_multi_level)
    }

    fn edge<'t>(&self, parent: u64, step: &FilterStep<'t>) -> EdgeRef<'t> {
        EdgeRef { hash: self.hash.edge(parent, step.text), parent, text: step.text }
    }
}

/// A change of one filter that is in progress.
struct TrieWriter<'t, S> {
    trie: &'t Trie<S>,
    guard: &'t LocalGuard<'t>,
    /// The text of the whole filter.
    text: &'t Arc<str>,
}

impl<S: Subscriber> TrieWriter<'_, S> {
    /// Creates the missing branches on the path of `parent_steps` and appends them to `parents`, the existing branches.
    fn create_branches(&self, parents: &mut Vec<Arc<Branch>>, parent_steps: &[FilterStep<'_>]) {
        for step in parent_steps.iter().skip(parents.len()) {
            let branch = self.trie.new_branch();
            let parent = parents.last().unwrap_or(&self.trie.root);
            self.update_node(parent, step, |node| node.set_branch(Some(Arc::clone(&branch))));
            parents.push(branch);
        }
    }

    /// Removes branches that no edge leaves any more, beginning with the deepest.
    fn remove_empty_branches(&self, parents: &[Arc<Branch>], parent_steps: &[FilterStep<'_>]) {
        for (depth, (branch, step)) in parents.iter().zip(parent_steps).enumerate().rev() {
            if !branch.is_empty() {
                break;
            }
            let parent = depth.checked_sub(1).and_then(|above| parents.get(above)).unwrap_or(&self.trie.root);
            self.update_node(parent, step, |node| node.set_branch(None));
        }
    }

    /// Changes the node behind one edge. An edge and its node are created on first use and removed when the node
    /// becomes empty.
    fn update_node(&self, parent: &Branch, step: &FilterStep<'_>, change: impl FnOnce(&mut Node<S>)) {
        let edges = &self.trie.edges;
        let edge = self.trie.edge(parent.id, step);
        let found = edges.get_key_value(&edge, self.guard);
        let mut node = found.map(|(_, node)| node.clone()).unwrap_or_default();
        let before = node.edge_use();
        change(&mut node);
        let after = node.edge_use();
        if after.exists {
            let key = found.map_or_else(|| edge.stored(self.stored_text(step)), |(key, _)| key.clone());
            edges.insert(key, node, self.guard);
        } else {
            edges.remove(&edge, self.guard);
        }
        if step.is_plus() {
            parent.set_plus(after.exists);
        } else if before != after {
            parent.update_counts(step.length, before, after);
        }
    }

    /// Returns the text to store with the edge. If the edge's levels are the whole filter (without `/#`), the edge
    /// shares the text of the filter. Otherwise the levels are copied, so that a short run of levels does not keep a
    /// long text in memory.
    fn stored_text(&self, step: &FilterStep<'_>) -> Arc<str> {
        if step.is_plus() {
            Arc::clone(&self.trie.plus_text)
        } else if is_text_of(self.text, step.text) {
            Arc::clone(self.text)
        } else {
            Arc::from(step.text)
        }
    }
}
