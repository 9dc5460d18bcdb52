//! Changes of the trie. The caller lets one in at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use papaya::LocalGuard;

use super::Trie;
use super::audience::Audience;
use super::branch::Branch;
use super::edge::{EdgeRef, is_text_of};
use super::node::Node;
use super::path::{Path, Step};
use crate::Subscriber;

/// What a change makes of an audience: nothing at all, nothing but what it did inside, or another audience.
type Outcome<S, R> = Option<(Option<Audience<S>>, R)>;

impl<S: Subscriber> Trie<S> {
    /// Replaces the audience of the filter `text` by what `change` makes of it. Readers see the old audience or the new
    /// one, never none `[MQTT5-3.8.4-4]`.
    pub(crate) fn change<R>(
        &self,
        text: &Arc<str>,
        change: impl FnOnce(&Audience<S>) -> Outcome<S, R>,
    ) -> Option<R> {
        let path = Path::of(text);
        let guard = self.guard();
        let Some((last, way)) = path.steps.split_last() else { return self.change_everything(change) };
        let mut parents = self.parents(way, &guard);
        let before = self.audience(&parents, last, way, path.below, &guard);
        let (after, result) = change(before.unwrap_or(&Audience::default()))?;
        let Some(after) = after else { return Some(result) };
        let ends = after.is_nobody();
        let writer = Writer { trie: self, guard: &guard, text };
        writer.open(&mut parents, way);
        writer.edit(parents.last().unwrap_or(&self.root), last, |node| node.set(after, path.below));
        if ends {
            writer.close(&parents, way);
        }
        Some(result)
    }

    /// What `look` finds in the audience of the filter `text`.
    pub(crate) fn inspect<R>(&self, text: &str, look: impl FnOnce(&Audience<S>) -> R) -> R {
        let path = Path::of(text);
        let guard = self.guard();
        let Some((last, way)) = path.steps.split_last() else { return look(&self.everything.load()) };
        let parents = self.parents(way, &guard);
        look(self.audience(&parents, last, way, path.below, &guard).unwrap_or(&Audience::default()))
    }

    fn change_everything<R>(&self, change: impl FnOnce(&Audience<S>) -> Outcome<S, R>) -> Option<R> {
        let (after, result) = change(&self.everything.load())?;
        if let Some(after) = after {
            let any = !after.is_nobody();
            self.everything.store(Arc::new(after));
            self.any_everything.store(any, Ordering::Release);
        }
        Some(result)
    }

    /// The branches behind these steps, as far as there are any.
    fn parents(&self, way: &[Step<'_>], guard: &LocalGuard<'_>) -> Vec<Arc<Branch>> {
        let mut parents = Vec::with_capacity(way.len());
        let mut parent = self.root.id;
        for step in way {
            let node = self.node(&self.edge(parent, step), guard);
            let Some(branch) = node.and_then(|node| node.branch().cloned()) else { break };
            parent = branch.id;
            parents.push(branch);
        }
        parents
    }

    fn audience<'g>(
        &self,
        parents: &[Arc<Branch>],
        last: &Step<'_>,
        way: &[Step<'_>],
        below: bool,
        guard: &'g LocalGuard<'_>,
    ) -> Option<&'g Audience<S>> {
        if parents.len() < way.len() {
            return None;
        }
        let parent = parents.last().unwrap_or(&self.root);
        self.node(&self.edge(parent.id, last), guard)?.audience(below)
    }

    fn edge<'t>(&self, parent: u64, step: &Step<'t>) -> EdgeRef<'t> {
        EdgeRef { hash: self.hash.edge(parent, step.text), parent, text: step.text }
    }
}

/// One change under way.
struct Writer<'t, S> {
    trie: &'t Trie<S>,
    guard: &'t LocalGuard<'t>,
    /// The whole filter.
    text: &'t Arc<str>,
}

impl<S: Subscriber> Writer<'_, S> {
    /// Makes the branches behind these steps that are missing.
    fn open(&self, parents: &mut Vec<Arc<Branch>>, way: &[Step<'_>]) {
        for step in way.iter().skip(parents.len()) {
            let branch = self.trie.new_branch();
            let parent = parents.last().unwrap_or(&self.trie.root);
            self.edit(parent, step, |node| node.set_branch(Some(Arc::clone(&branch))));
            parents.push(branch);
        }
    }

    /// Takes away branches that nothing leaves any more, from the deepest up.
    fn close(&self, parents: &[Arc<Branch>], way: &[Step<'_>]) {
        for (depth, (branch, step)) in parents.iter().zip(way).enumerate().rev() {
            if !branch.is_empty() {
                break;
            }
            let parent = depth.checked_sub(1).and_then(|above| parents.get(above)).unwrap_or(&self.trie.root);
            self.edit(parent, step, |node| node.set_branch(None));
        }
    }

    /// Changes the node behind one edge; node and edge appear with the first use and go with the last.
    fn edit(&self, parent: &Branch, step: &Step<'_>, change: impl FnOnce(&mut Node<S>)) {
        let edges = &self.trie.edges;
        let edge = self.trie.edge(parent.id, step);
        let found = edges.get_key_value(&edge, self.guard);
        let mut node = found.map(|(_, node)| node.clone()).unwrap_or_default();
        let before = node.use_of();
        change(&mut node);
        let after = node.use_of();
        if after.exists {
            let key = found.map_or_else(|| edge.stored(self.stored_text(step)), |(key, _)| key.clone());
            edges.insert(key, node, self.guard);
        } else {
            edges.remove(&edge, self.guard);
        }
        if step.is_plus() {
            parent.set_plus(after.exists);
        } else if before != after {
            parent.count(step.length, before, after);
        }
    }

    /// A text to keep for as long as the edge. It is shared with the filter's owner where it is the filter, `/#` apart:
    /// a short run must not hold a long text.
    fn stored_text(&self, step: &Step<'_>) -> Arc<str> {
        if step.is_plus() {
            Arc::clone(&self.trie.plus)
        } else if is_text_of(self.text, step.text) {
            Arc::clone(self.text)
        } else {
            Arc::from(step.text)
        }
    }
}
