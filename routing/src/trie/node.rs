//! A node: its subscribers and the edges that leave it. A node's value is immutable; a change replaces the value.

use std::sync::Arc;

use super::branch::Branch;
use super::subscribers::Subscribers;
use crate::Subscriber;

/// The node at the end of an edge. Most filters have a node, so parts that few nodes need are allocated separately.
#[derive(Clone)]
pub(super) struct Node<S> {
    /// The subscribers of exactly this filter.
    pub(super) exact_subscribers: Subscribers<S>,
    /// The part of the node for topics with more levels; `None` if that part would be empty.
    pub(super) continuation: Option<Box<Continuation<S>>>,
}

/// The part of a node for topics that have more levels than its filter.
#[derive(Clone)]
pub(super) struct Continuation<S> {
    /// The subscribers of this node's filter followed by `/#`.
    pub(super) multi_level_subscribers: Subscribers<S>,
    /// The edges that leave this node, if there are any.
    pub(super) branch: Option<Arc<Branch>>,
}

impl<S> Default for Node<S> {
    fn default() -> Self {
        Self { exact_subscribers: Subscribers::Empty, continuation: None }
    }
}

impl<S> Default for Continuation<S> {
    fn default() -> Self {
        Self { multi_level_subscribers: Subscribers::Empty, branch: None }
    }
}

impl<S: Subscriber> Node<S> {
    /// Sets the subscribers of this filter, or of this filter followed by `/#` if `is_multi_level` is true.
    pub(super) fn set(&mut self, subscribers: Subscribers<S>, is_multi_level: bool) {
        if is_multi_level {
            self.update_continuation(|continuation| continuation.multi_level_subscribers = subscribers);
        } else {
            self.exact_subscribers = subscribers;
        }
    }

    /// Sets the edges that leave this node.
    pub(super) fn set_branch(&mut self, branch: Option<Arc<Branch>>) {
        self.update_continuation(|continuation| continuation.branch = branch);
    }

    /// Returns the subscribers of this filter, or of this filter followed by `/#` if `is_multi_level` is true.
    pub(super) fn subscribers(&self, is_multi_level: bool) -> Option<&Subscribers<S>> {
        if is_multi_level {
            self.continuation.as_ref().map(|continuation| &continuation.multi_level_subscribers)
        } else {
            Some(&self.exact_subscribers)
        }
    }

    /// Returns the edges that leave this node, if there are any.
    pub(super) fn branch(&self) -> Option<&Arc<Branch>> {
        self.continuation.as_ref()?.branch.as_ref()
    }

    fn update_continuation(&mut self, change: impl FnOnce(&mut Continuation<S>)) {
        let mut continuation = self.continuation.take().unwrap_or_default();
        change(&mut continuation);
        let used = continuation.branch.is_some() || !continuation.multi_level_subscribers.is_empty();
        self.continuation = used.then_some(continuation);
    }

    pub(super) fn edge_use(&self) -> EdgeUse {
        let exact = !self.exact_subscribers.is_empty();
        let is_multi_level = self.subscribers(true).is_some_and(|subscribers| !subscribers.is_empty());
        let continues = self.continuation.is_some();
        EdgeUse { exists: exact || continues, ends: exact || is_multi_level, continues }
    }
}

/// What a reader can find behind an edge.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct EdgeUse {
    pub(super) exists: bool,
    /// Whether a topic whose levels end at this edge finds subscribers.
    pub(super) ends: bool,
    /// Whether a topic with more levels finds subscribers or further edges.
    pub(super) continues: bool,
}
