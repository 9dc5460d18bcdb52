//! How far commits have come, for threads that wait for them.

use parking_lot::{Condvar, Mutex};

use super::{Commit, Observer};

/// The last commit that was reached; an [`Observer`] that wakes who waits for one.
#[derive(Debug, Default)]
pub struct Watermark {
    committed: Mutex<Commit>,
    risen: Condvar,
}

impl Watermark {
    /// Waits until that commit is reached; for ever, if the store fails before.
    pub fn wait(&self, commit: Commit) {
        self.risen.wait_while(&mut self.committed.lock(), |committed| *committed < commit);
    }
}

impl Observer for Watermark {
    fn committed(&self, commit: Commit) {
        *self.committed.lock() = commit;
        self.risen.notify_all();
    }
}
