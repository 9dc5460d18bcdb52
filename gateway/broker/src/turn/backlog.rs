//! The work that a core has left for later turns: sessions whose packets wait for a commit.

use std::sync::Arc;

use crate::session_handle::SessionHandle;

/// Work for later turns of one core.
#[derive(Default)]
pub struct Backlog {
    /// Sessions whose packets wait for a commit. A session is in the list at most once.
    pub(crate) awaiting_commit: Vec<Arc<SessionHandle>>,
}
