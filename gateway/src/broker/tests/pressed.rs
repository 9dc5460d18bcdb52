//! A store that is behind presses the broker until the commit that it spoke of, and no longer.

use std::path::Path;
use std::sync::Arc;

use tidegate_mqtt::Message;
use tidegate_persistence::{
    Appended, AtomicScope, CheckError, Commit, Findings, Health, Item, LoadError, Memory, MessageId,
    Observer, Operation, Progress, SessionId, SnapshotError, Stats, Store,
};

use crate::broker::SessionStore;
use crate::cores::{Core, CoreId, Cores};
use crate::counters::Counters;

/// A store whose batch is always over its bound, and whose writer is faster than who appends: the commit is there before
/// `append` has answered.
struct Swift(Memory);

#[test]
fn a_commit_that_comes_before_the_answer_leaves_nobody_waiting() {
    let open = |observer: Arc<dyn Observer>| {
        let store: Arc<dyn Store> = Arc::new(Swift(Memory::new(observer)));
        Ok::<_, ()>(store)
    };
    let store = SessionStore::open(&Cores::without_threads(), open).unwrap();
    let mut core = Core::new(CoreId(0), Arc::new(Counters::default()));
    let will = tidegate_mqtt::Will::new(
        tidegate_mqtt::topic::Name::parse("a").unwrap(),
        "kept",
        tidegate_mqtt::QoS::AtLeastOnce,
    );
    let message = Arc::new(Message::from_will(&will, 1, std::time::Instant::now()));
    store.retain(&mut core, &Arc::from("default"), &message);
    assert!(store.committed() >= core.owed(), "it is committed");
    assert!(!store.is_under_backpressure(), "nothing will come that could end the wait");
}

impl Store for Swift {
    fn append(&self, operations: &mut Vec<Operation>) -> Appended {
        match self.0.append(operations) {
            Appended::Accepted(commit) => Appended::Slow(commit),
            other => other,
        }
    }

    fn atomic_scope(&self) -> AtomicScope<'_> {
        self.0.atomic_scope()
    }

    fn committed(&self) -> Commit {
        self.0.committed()
    }

    fn next_session(&self) -> SessionId {
        self.0.next_session()
    }

    fn next_message(&self) -> MessageId {
        self.0.next_message()
    }

    fn health(&self) -> Health {
        self.0.health()
    }

    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError> {
        self.0.load(visit)
    }

    fn snapshot(&self, file: &Path) -> Result<(), SnapshotError> {
        self.0.snapshot(file)
    }

    fn stats(&self) -> Stats {
        self.0.stats()
    }

    fn check(&self) -> Result<Findings, CheckError> {
        self.0.check()
    }
}
