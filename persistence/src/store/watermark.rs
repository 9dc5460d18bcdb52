//! The last durable commit, for threads that wait for a commit.

use parking_lot::{Condvar, Mutex};

use super::{Commit, Observer};

/// An [`Observer`] that records the last commit and wakes threads that wait for a commit.
#[derive(Debug, Default)]
pub struct Watermark {
    committed: Mutex<Commit>,
    commit_reached: Condvar,
}

impl Watermark {
    /// Waits until `commit` is durable. Never returns if the store fails first.
    pub fn wait(&self, commit: Commit) {
        self.commit_reached.wait_while(&mut self.committed.lock(), |committed| *committed < commit);
    }
}

impl Observer for Watermark {
    fn on_commit(&self, commit: Commit) {
        *self.committed.lock() = commit;
        self.commit_reached.notify_all();
    }
}
