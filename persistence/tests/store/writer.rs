//! The writer's thread: what it tells, and what becomes of the store when an observer panics.

use std::sync::Arc;

use tidegate_persistence::{Appended, Commit, Durability, Health, Observer, Reason, Store, open};

use crate::samples::open_session;
use crate::world::{World, accepted, content};

struct Panics;

impl Observer for Panics {
    fn committed(&self, _commit: Commit) {
        panic!("the observer is broken");
    }
}

#[test]
fn a_panicking_observer_is_a_failure_of_the_store() {
    let mut world = World::new();
    let store = open(&world.config, Arc::new(Panics)).unwrap();
    accepted(store.append(&mut vec![open_session(1)]));
    while store.health() == Health::Working {
        std::thread::yield_now();
    }
    assert!(matches!(store.health(), Health::Failed(Reason::Engine(_))));
    assert_eq!(store.append(&mut vec![open_session(2)]), Appended::Refused);
    drop(store);
    assert_eq!(world.reopened_content().len(), 1);
}

#[test]
fn an_empty_list_is_covered_by_what_came_before() {
    World::new().with(|store, world| {
        assert_eq!(store.append(&mut Vec::new()), Appended::Accepted(Commit(0)));
        let commit = world.commit(store, vec![open_session(1)]);
        assert_eq!(store.append(&mut Vec::new()), Appended::Accepted(commit));
        world.watch.hold();
        accepted(store.append(&mut vec![open_session(2)]));
        world.watch.is_held();
        let next = accepted(store.append(&mut vec![open_session(3)]));
        assert_eq!(store.append(&mut Vec::new()), Appended::Accepted(next));
        world.watch.release();
        world.watch.committed(next);
    });
}

#[test]
fn by_interval_a_commit_does_not_wait_for_the_sync() {
    let mut world = World::new();
    world.config.durability = Durability::Interval(std::time::Duration::from_secs(3600));
    let anchor = world.config.folder.join("anchor");
    world.with(|store, world| {
        world.commit(store, vec![open_session(1)]);
        assert_eq!(content(store).len(), 1);
        assert!(anchor.exists());
    });
    assert!(!anchor.exists(), "closing syncs, and needs no way back");
    world.config.durability = Durability::Always;
    assert_eq!(world.reopened_content().len(), 1);
}
