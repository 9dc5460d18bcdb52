//! Sessions that ended since the last commit. A later CONNACK says that there is no session; it waits until that is stored.

use std::collections::HashMap;

use parking_lot::Mutex;
use tidegate_persistence::Commit;

use crate::session_handle::SessionKey;

/// Names of sessions that are gone, and the commits that cover their ends. Those that are committed are removed with the next
/// end, so its size is bounded by the sessions that end between two commits.
#[derive(Default)]
pub(super) struct EndedSessions {
    commits: Mutex<HashMap<SessionKey, Commit>>,
}

impl EndedSessions {
    /// A session ends with `commit`, which may be reached already.
    pub(super) fn note(&self, key: &SessionKey, commit: Commit, committed: Commit) {
        if commit <= committed {
            return;
        }
        let mut commits = self.commits.lock();
        commits.retain(|_, commit| *commit > committed);
        commits.insert(key.clone(), commit);
    }

    /// The commit that covers the end of the last session of that name; `Commit(0)` if it is not known to be outstanding.
    pub(super) fn commit(&self, key: &SessionKey) -> Commit {
        self.commits.lock().get(key).copied().unwrap_or(Commit(0))
    }
}
