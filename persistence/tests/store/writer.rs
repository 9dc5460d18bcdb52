//! The writer thread: its reports, and the failure of the store when an observer panics.

use std::sync::Arc;

use tidegate_persistence::{
    Appended, Commit, Durability, Health, Journal, Observer, Reason, SystemClocks, open,
};

use crate::harness::{Harness, accepted, content};
use crate::samples::open_session;

struct Panics;

impl Observer for Panics {
    fn on_commit(&self, _commit: Commit) {
        panic!("the observer is broken");
    }
}

#[test]
fn a_panicking_observer_fails_the_store() {
    let mut harness = Harness::new();
    let store = open(&harness.config, Arc::new(SystemClocks), Arc::new(Panics)).unwrap();
    accepted(store.append(&mut vec![open_session(1)]));
    while store.health() == Health::Working {
        std::thread::yield_now();
    }
    assert!(matches!(store.health(), Health::Failed(Reason::Engine(_))));
    assert_eq!(store.append(&mut vec![open_session(2)]), Appended::Refused);
    drop(store);
    assert_eq!(harness.reopened_content().len(), 1);
}

#[test]
fn appending_nothing_returns_the_latest_commit() {
    Harness::new().with_store(|store, harness| {
        assert_eq!(store.append(&mut Vec::new()), Appended::Accepted(Commit(0)));
        let commit = harness.commit(store, vec![open_session(1)]);
        assert_eq!(store.append(&mut Vec::new()), Appended::Accepted(commit));
        harness.watch.hold_writer();
        accepted(store.append(&mut vec![open_session(2)]));
        harness.watch.wait_until_held();
        let next = accepted(store.append(&mut vec![open_session(3)]));
        assert_eq!(store.append(&mut Vec::new()), Appended::Accepted(next));
        harness.watch.release_writer();
        harness.watch.wait_for_commit(next);
    });
}

#[test]
fn with_interval_durability_a_commit_does_not_wait_for_the_sync() {
    let mut harness = Harness::new();
    harness.config.durability = Durability::Interval;
    harness.config.interval = std::time::Duration::from_secs(3600);
    let sync_point = harness.config.folder.join("anchor");
    harness.with_store(|store, harness| {
        harness.commit(store, vec![open_session(1)]);
        assert_eq!(content(store).len(), 1);
        assert!(sync_point.exists());
    });
    assert!(!sync_point.exists(), "closing syncs everything and removes the sync point");
    harness.config.durability = Durability::Always;
    assert_eq!(harness.reopened_content().len(), 1);
}
