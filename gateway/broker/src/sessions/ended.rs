//! Sessions that ended since the last commit. A later CONNACK says that there is no session; it waits until that is stored.

use std::collections::HashMap;

use parking_lot::Mutex;
use tidegate_persistence::Commit;

use crate::session_handle::SessionKey;

/// Names of sessions that are gone, and the commits that cover their ends. Those that are committed are removed with the first
/// end after the next commit, so its size is bounded by the sessions that end between two commits.
#[derive(Default)]
pub(super) struct EndedSessions(Mutex<Ended>);

#[derive(Default)]
struct Ended {
    commits: HashMap<SessionKey, Commit>,
    /// What is committed up to here was removed.
    purged: Commit,
}

impl EndedSessions {
    /// A session ends with `commit`, which may be reached already.
    pub(super) fn note(&self, key: &SessionKey, commit: Commit, committed: Commit) {
        if commit <= committed {
            return;
        }
        let Ended { commits, purged } = &mut *self.0.lock();
        if *purged < committed {
            commits.retain(|_, commit| *commit > committed);
            *purged = committed;
        }
        commits.insert(key.clone(), commit);
    }

    /// The commit that covers the end of the last session of that name; `Commit(0)` if it is not known to be outstanding.
    pub(super) fn commit(&self, key: &SessionKey) -> Commit {
        self.0.lock().commits.get(key).copied().unwrap_or(Commit(0))
    }
}
