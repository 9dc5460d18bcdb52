//! An observer that records commits and health, so that tests can wait for them, and that can block the writer after a
//! commit.

use parking_lot::{Condvar, Mutex};
use tidegate_persistence::{Commit, Health, Observer};

/// The notifications that the observer has received so far.
#[derive(Default)]
struct Reports {
    committed: Commit,
    commit_calls: usize,
    health: Health,
    was_full: bool,
    /// Whether the writer is to be blocked in its next call of [`Watch::on_commit`].
    writer_held: bool,
    /// Whether the writer is blocked in [`Watch::on_commit`].
    writer_waiting: bool,
}

#[derive(Default)]
pub struct Watch {
    reports: Mutex<Reports>,
    changed: Condvar,
}

impl Watch {
    /// Waits until the commit is durable.
    pub fn wait_for_commit(&self, commit: Commit) {
        self.wait(|reports| reports.committed >= commit);
    }

    /// Waits until the commit is durable. Returns `false` if the store failed first.
    pub fn wait_for_commit_or_failure(&self, commit: Commit) -> bool {
        self.wait(|reports| reports.committed >= commit || matches!(reports.health, Health::Failed(_)));
        self.reports.lock().committed >= commit
    }

    /// Whether the store has reported that it is full, since the last call of this function.
    pub fn was_full(&self) -> bool {
        std::mem::take(&mut self.reports.lock().was_full)
    }

    /// Waits until the health matches, and returns it.
    pub fn wait_for_health(&self, matches: impl Fn(&Health) -> bool) -> Health {
        self.wait(|reports| matches(&reports.health));
        self.reports.lock().health.clone()
    }

    /// Blocks the writer after its next commit, until [`Self::release_writer`] is called.
    pub fn hold_writer(&self) {
        self.reports.lock().writer_held = true;
    }

    /// Waits until the writer is blocked.
    pub fn wait_until_held(&self) {
        self.wait(|reports| reports.writer_waiting);
    }

    pub fn release_writer(&self) {
        self.reports.lock().writer_held = false;
        self.changed.notify_all();
    }

    /// Returns how often a commit was reported.
    pub fn commit_calls(&self) -> usize {
        self.reports.lock().commit_calls
    }

    fn wait(&self, until: impl Fn(&Reports) -> bool) {
        let mut reports = self.reports.lock();
        while !until(&reports) {
            let timeout = self.changed.wait_for(&mut reports, std::time::Duration::from_secs(60)).timed_out();
            assert!(
                !timeout,
                "no change within a minute; last commit and health: {:?} {:?}",
                reports.committed, reports.health
            );
        }
    }
}

impl Observer for Watch {
    fn on_commit(&self, commit: Commit) {
        let mut reports = self.reports.lock();
        reports.committed = commit;
        reports.commit_calls += 1;
        self.changed.notify_all();
        while reports.writer_held {
            reports.writer_waiting = true;
            self.changed.notify_all();
            self.changed.wait(&mut reports);
        }
        reports.writer_waiting = false;
    }

    fn on_health_change(&self, health: &Health) {
        let mut reports = self.reports.lock();
        reports.was_full |= matches!(health, Health::Full(_));
        reports.health = health.clone();
        self.changed.notify_all();
    }
}
