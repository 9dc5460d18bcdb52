//! What a core has left for later turns: sessions that wait for a commit, and publishes that nobody waits for.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::delivery::UnfinishedPublish;
use crate::session_handle::SessionHandle;

/// Work for later turns of one core.
#[derive(Default)]
pub struct Backlog {
    /// Sessions whose messages wait for a commit.
    pub(crate) awaiting_commit: Vec<Arc<SessionHandle>>,
    /// Wills, and publishes whose connection has ended. [`crate::Broker::resume_backlog`] goes on with them.
    pub(crate) publishes: VecDeque<Box<UnfinishedPublish>>,
}

impl Backlog {
    /// Whether [`crate::Broker::resume_backlog`] has anything to do.
    #[must_use]
    pub fn has_publishes(&self) -> bool {
        !self.publishes.is_empty()
    }
}
