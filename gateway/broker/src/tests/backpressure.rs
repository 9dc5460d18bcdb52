//! When the store cannot keep up, the broker reads nothing from clients until the commit that the store has named is
//! reached.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tidegate_mqtt::topic::Name;
use tidegate_mqtt::{Message, QoS, Will};
use tidegate_persistence::{
    Appended, AtomicScope, Clock, CloseError, Commit, Contents, Directory, Findings, Health, Item, Journal,
    Leases, LoadError, Maintenance, Memory, MessageId, Observer, Operation, Progress, ReadError, SessionId,
    Stats, Store, Written,
};

use crate::{CoreCounters, SessionStore, Workspace};

/// A store whose open batch is always at its limit, but which commits before `append` returns.
struct InstantCommit(Memory);

#[test]
fn backpressure_ends_even_if_the_store_commits_before_append_returns() {
    let open = |observer: Arc<dyn Observer>| {
        let store: Arc<dyn Store> = Arc::new(InstantCommit(Memory::new(observer)));
        Ok::<_, ()>(store)
    };
    let now = Instant::now();
    let store = SessionStore::open(|| {}, open).unwrap();
    let mut workspace = Workspace::new(Arc::new(CoreCounters::new(1)), 1);
    let will = Will::new(Name::parse("a").unwrap(), "kept", QoS::AtLeastOnce);
    let message = Arc::new(Message::from_will(&will, 1, now));
    let commit = store.retain(&mut workspace.turn(now, 1), &Arc::from("default"), &message);
    assert!(store.latest_commit() >= commit, "the message is already committed");
    assert_eq!(store.backpressure(), None, "no later commit would end the backpressure");
}

impl Journal for InstantCommit {
    fn append(&self, operations: &mut Vec<Operation>) -> Appended {
        match self.0.append(operations) {
            Appended::Accepted(commit) => Appended::Slow(commit),
            other => other,
        }
    }

    fn atomic_scope(&self) -> AtomicScope<'_> {
        self.0.atomic_scope()
    }

    fn latest_commit(&self) -> Commit {
        self.0.latest_commit()
    }

    fn next_session(&self) -> SessionId {
        self.0.next_session()
    }

    fn next_message(&self) -> MessageId {
        self.0.next_message()
    }

    fn clock(&self) -> Clock {
        self.0.clock()
    }

    fn health(&self) -> Health {
        self.0.health()
    }

    fn stats(&self) -> Stats {
        self.0.stats()
    }

    fn close(&self) -> Result<(), CloseError> {
        self.0.close()
    }
}

impl Directory for InstantCommit {
    fn load(&self, visit: &mut dyn FnMut(Item<'_>, Progress)) -> Result<(), LoadError> {
        self.0.load(visit)
    }

    fn load_session(&self, session: SessionId, visit: &mut dyn FnMut(Item<'_>)) -> Result<(), LoadError> {
        self.0.load_session(session, visit)
    }

    fn leases(&self) -> &dyn Leases {
        self.0.leases()
    }
}

impl Maintenance for InstantCommit {
    fn snapshot(&self, file: &Path) -> Result<Written, ReadError> {
        self.0.snapshot(file)
    }

    fn check(&self) -> Result<Findings, ReadError> {
        self.0.check()
    }

    fn contents(&self) -> Result<Contents, ReadError> {
        self.0.contents()
    }
}
