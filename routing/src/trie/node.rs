//! A node: who subscribes at it, and which edges leave it. A node's value is immutable and replaced as a whole.

use std::sync::Arc;

use super::branch::Branch;
use super::subscribers::Subscribers;
use crate::Subscriber;

/// What an edge leads to. There is one for each filter, so what most of them do without stands apart.
#[derive(Clone)]
pub(super) struct Node<S> {
    /// Who subscribes to exactly this filter.
    pub(super) exact: Subscribers<S>,
    /// What lies beyond; never empty.
    pub(super) continuation: Option<Box<Continuation<S>>>,
}

/// What a node has for topics that go on.
#[derive(Clone)]
pub(super) struct Continuation<S> {
    /// Who subscribes to the node's filter followed by `/#`.
    pub(super) multi_level: Subscribers<S>,
    /// Where edges leave, if any do.
    pub(super) branch: Option<Arc<Branch>>,
}

impl<S> Default for Node<S> {
    fn default() -> Self {
        Self { exact: Subscribers::Empty, continuation: None }
    }
}

impl<S> Default for Continuation<S> {
    fn default() -> Self {
        Self { multi_level: Subscribers::Empty, branch: None }
    }
}

impl<S: Subscriber> Node<S> {
    /// Sets who subscribes to this filter, or to this filter followed by `/#`.
    pub(super) fn set(&mut self, subscribers: Subscribers<S>, multi_level: bool) {
        if multi_level {
            self.update_continuation(|continuation| continuation.multi_level = subscribers);
        } else {
            self.exact = subscribers;
        }
    }

    /// Sets where edges leave.
    pub(super) fn set_branch(&mut self, branch: Option<Arc<Branch>>) {
        self.update_continuation(|continuation| continuation.branch = branch);
    }

    /// Who subscribes to this filter, or to this filter followed by `/#`.
    pub(super) fn subscribers(&self, multi_level: bool) -> Option<&Subscribers<S>> {
        if multi_level {
            self.continuation.as_ref().map(|continuation| &continuation.multi_level)
        } else {
            Some(&self.exact)
        }
    }

    /// Where edges leave, if any do.
    pub(super) fn branch(&self) -> Option<&Arc<Branch>> {
        self.continuation.as_ref()?.branch.as_ref()
    }

    fn update_continuation(&mut self, change: impl FnOnce(&mut Continuation<S>)) {
        let mut continuation = self.continuation.take().unwrap_or_default();
        change(&mut continuation);
        let used = continuation.branch.is_some() || !continuation.multi_level.is_empty();
        self.continuation = used.then_some(continuation);
    }

    pub(super) fn edge_use(&self) -> EdgeUse {
        let exact = !self.exact.is_empty();
        let multi_level = self.subscribers(true).is_some_and(|subscribers| !subscribers.is_empty());
        let continues = self.continuation.is_some();
        EdgeUse { exists: exact || continues, ends: exact || multi_level, continues }
    }
}

/// What a reader can find at the end of an edge.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct EdgeUse {
    pub(super) exists: bool,
    /// Subscriptions for a topic that ends there.
    pub(super) ends: bool,
    /// Subscriptions for a topic that goes on.
    pub(super) continues: bool,
}
