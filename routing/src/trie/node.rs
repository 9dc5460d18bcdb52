//! A node: who subscribes at it, and which edges leave it. A node's value is immutable and replaced as a whole.

use std::sync::Arc;

use super::audience::Audience;
use super::branch::Branch;
use crate::Subscriber;

/// What an edge leads to. There is one for each filter, so what most of them do without stands apart.
#[derive(Clone)]
pub(super) struct Node<S> {
    /// Who subscribes to exactly this filter.
    pub(super) here: Audience<S>,
    /// What lies beyond; never empty.
    pub(super) beyond: Option<Box<Beyond<S>>>,
}

/// What a node has for topics that go on.
#[derive(Clone)]
pub(super) struct Beyond<S> {
    /// Who subscribes to the node's filter followed by `/#`.
    pub(super) below: Audience<S>,
    /// Where edges leave, if any do.
    pub(super) branch: Option<Arc<Branch>>,
}

impl<S> Default for Node<S> {
    fn default() -> Self {
        Self { here: Audience::Nobody, beyond: None }
    }
}

impl<S> Default for Beyond<S> {
    fn default() -> Self {
        Self { below: Audience::Nobody, branch: None }
    }
}

impl<S: Subscriber> Node<S> {
    /// Sets who subscribes to this filter, or to this filter followed by `/#`.
    pub(super) fn set(&mut self, audience: Audience<S>, below: bool) {
        if below {
            self.go_beyond(|beyond| beyond.below = audience);
        } else {
            self.here = audience;
        }
    }

    /// Sets where edges leave.
    pub(super) fn set_branch(&mut self, branch: Option<Arc<Branch>>) {
        self.go_beyond(|beyond| beyond.branch = branch);
    }

    /// Who subscribes to this filter, or to this filter followed by `/#`.
    pub(super) fn audience(&self, below: bool) -> Option<&Audience<S>> {
        if below { self.beyond.as_ref().map(|beyond| &beyond.below) } else { Some(&self.here) }
    }

    /// Where edges leave, if any do.
    pub(super) fn branch(&self) -> Option<&Arc<Branch>> {
        self.beyond.as_ref()?.branch.as_ref()
    }

    fn go_beyond(&mut self, change: impl FnOnce(&mut Beyond<S>)) {
        let mut beyond = self.beyond.take().unwrap_or_default();
        change(&mut beyond);
        let used = beyond.branch.is_some() || !beyond.below.is_nobody();
        self.beyond = used.then_some(beyond);
    }

    pub(super) fn use_of(&self) -> Use {
        let here = !self.here.is_nobody();
        let below = self.audience(true).is_some_and(|audience| !audience.is_nobody());
        let through = self.beyond.is_some();
        Use { exists: here || through, ends: here || below, through }
    }
}

/// What a reader can find at the end of an edge.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) exists: bool,
    /// Subscriptions for a topic that ends there.
    pub(super) ends: bool,
    /// Subscriptions for a topic that goes on.
    pub(super) through: bool,
}
