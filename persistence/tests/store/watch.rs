//! An observer that tests can wait for, and that can hold the writer between two commits.

use parking_lot::{Condvar, Mutex};
use tidegate_persistence::{Commit, Health, Observer};

/// What the observer was called with so far.
#[derive(Default)]
struct Seen {
    committed: Commit,
    calls: usize,
    health: Health,
    was_full: bool,
    /// While this is set, the writer stays in its call.
    writer_held: bool,
    /// The writer is in its call and waits.
    writer_waiting: bool,
}

#[derive(Default)]
pub struct Watch {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Watch {
    /// Waits until the commit is durable.
    pub fn wait_for_commit(&self, commit: Commit) {
        self.wait(|seen| seen.committed >= commit);
    }

    /// Waits until the commit is durable. Returns false when the store failed before.
    pub fn wait_for_commit_or_failure(&self, commit: Commit) -> bool {
        self.wait(|seen| seen.committed >= commit || matches!(seen.health, Health::Failed(_)));
        self.seen.lock().committed >= commit
    }

    /// Whether the store was full since the last call.
    pub fn was_full(&self) -> bool {
        std::mem::take(&mut self.seen.lock().was_full)
    }

    /// Waits until the health matches, and returns it.
    pub fn wait_for_health(&self, matches: impl Fn(&Health) -> bool) -> Health {
        self.wait(|seen| matches(&seen.health));
        self.seen.lock().health.clone()
    }

    /// Makes the writer stop after its next commit.
    pub fn hold_writer(&self) {
        self.seen.lock().writer_held = true;
    }

    /// Waits until the writer has stopped.
    pub fn wait_until_held(&self) {
        self.wait(|seen| seen.writer_waiting);
    }

    pub fn release_writer(&self) {
        self.seen.lock().writer_held = false;
        self.changed.notify_all();
    }

    /// How often a commit was reported.
    pub fn commit_calls(&self) -> usize {
        self.seen.lock().calls
    }

    fn wait(&self, until: impl Fn(&Seen) -> bool) {
        let mut seen = self.seen.lock();
        while !until(&seen) {
            let timeout = self.changed.wait_for(&mut seen, std::time::Duration::from_secs(60)).timed_out();
            assert!(
                !timeout,
                "no change within a minute; last commit and health: {:?} {:?}",
                seen.committed, seen.health
            );
        }
    }
}

impl Observer for Watch {
    fn committed(&self, commit: Commit) {
        let mut seen = self.seen.lock();
        seen.committed = commit;
        seen.calls += 1;
        self.changed.notify_all();
        while seen.writer_held {
            seen.writer_waiting = true;
            self.changed.notify_all();
            self.changed.wait(&mut seen);
        }
        seen.writer_waiting = false;
    }

    fn health(&self, health: &Health) {
        let mut seen = self.seen.lock();
        seen.was_full |= matches!(health, Health::Full(_));
        seen.health = health.clone();
        self.changed.notify_all();
    }
}
