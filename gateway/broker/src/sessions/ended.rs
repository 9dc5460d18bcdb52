//! Sessions whose end is not committed yet. A later CONNACK without Session Present must wait until the end of the
//! earlier session is stored.

use std::collections::HashMap;

use parking_lot::Mutex;
use tidegate_persistence::Commit;

use crate::session_handle::SessionKey;

/// The names of sessions that ended, with the commits that cover their ends. When another session ends after a commit,
/// the entries whose commit is reached are removed. So the number of entries is bounded by the sessions that end
/// between two commits.
#[derive(Default)]
pub(super) struct EndedSessions(Mutex<Ended>);

#[derive(Default)]
struct Ended {
    commits: HashMap<SessionKey, Commit>,
    /// The latest commit up to which entries were removed.
    purged: Commit,
}

impl EndedSessions {
    /// Records that a session ends with `commit`, which may be reached already. `committed` is the last commit that the
    /// store has reached.
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

    /// Returns the commit that covers the end of the last session with this name, or `Commit(0)` if no such commit has
    /// to be awaited.
    pub(super) fn commit(&self, key: &SessionKey) -> Commit {
        self.0.lock().commits.get(key).copied().unwrap_or(Commit(0))
    }
}
