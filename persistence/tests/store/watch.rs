//! An observer that tests wait on, and that can hold the writer between two commits.

use parking_lot::{Condvar, Mutex};
use tidegate_persistence::{Commit, Health, Observer};

/// What was told so far.
#[derive(Default)]
struct Told {
    committed: Commit,
    calls: usize,
    health: Health,
    was_full: bool,
    /// The writer stays in its call while this is set.
    held: bool,
    /// The writer is in its call.
    waiting: bool,
}

#[derive(Default)]
pub struct Watch {
    told: Mutex<Told>,
    changed: Condvar,
}

impl Watch {
    /// Waits until the commit is reached.
    pub fn committed(&self, commit: Commit) {
        self.wait(|told| told.committed >= commit);
    }

    /// Waits until the commit is reached; false when the store failed before.
    pub fn committed_or_failed(&self, commit: Commit) -> bool {
        self.wait(|told| told.committed >= commit || matches!(told.health, Health::Failed(_)));
        self.told.lock().committed >= commit
    }

    /// Whether the store was full since this was asked last.
    pub fn was_full(&self) -> bool {
        std::mem::take(&mut self.told.lock().was_full)
    }

    /// Waits until the health is such; gives it.
    pub fn health(&self, such: impl Fn(&Health) -> bool) -> Health {
        self.wait(|told| such(&told.health));
        self.told.lock().health.clone()
    }

    /// The writer stops after its next commit.
    pub fn hold(&self) {
        self.told.lock().held = true;
    }

    /// Waits until the writer has stopped.
    pub fn is_held(&self) {
        self.wait(|told| told.waiting);
    }

    pub fn release(&self) {
        self.told.lock().held = false;
        self.changed.notify_all();
    }

    /// How often a commit was told.
    pub fn calls(&self) -> usize {
        self.told.lock().calls
    }

    fn wait(&self, until: impl Fn(&Told) -> bool) {
        let mut told = self.told.lock();
        while !until(&told) {
            let timeout = self.changed.wait_for(&mut told, std::time::Duration::from_secs(60)).timed_out();
            assert!(!timeout, "nothing for a minute; last {:?} {:?}", told.committed, told.health);
        }
    }
}

impl Observer for Watch {
    fn committed(&self, commit: Commit) {
        let mut told = self.told.lock();
        told.committed = commit;
        told.calls += 1;
        self.changed.notify_all();
        while told.held {
            told.waiting = true;
            self.changed.notify_all();
            self.changed.wait(&mut told);
        }
        told.waiting = false;
    }

    fn health(&self, health: &Health) {
        let mut told = self.told.lock();
        told.was_full |= matches!(health, Health::Full(_));
        told.health = health.clone();
        self.changed.notify_all();
    }
}
