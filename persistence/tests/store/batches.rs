//! Group commit: what comes during a commit is the next one, told once; what cancels out in between is never written.

use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_persistence::{Commit, Disk, Operation, SessionId, Store};

use crate::samples::{enqueue, id, key, message, open_session, subscription};
use crate::world::{World, accepted, content};

/// Commits one session, and holds the writer there.
fn hold(store: &Disk, world: &World) {
    world.watch.hold();
    accepted(store.append(&mut vec![open_session(1)]));
    world.watch.is_held();
}

#[test]
fn all_that_came_during_a_commit_is_one_commit() {
    World::new().with(|store, world| {
        hold(store, world);
        let commits: Vec<_> =
            (2..102).map(|number| accepted(store.append(&mut vec![open_session(number)]))).collect();
        assert!(commits.iter().all(|commit| *commit == Commit(2)), "{commits:?}");
        assert_eq!(store.committed(), Commit(1));
        world.watch.release();
        world.watch.committed(Commit(2));
        assert_eq!(world.watch.calls(), 2);
        assert_eq!((store.stats().commits, store.stats().operations), (2, 101));
        assert_eq!(content(store).len(), 101);
    });
}

/// The writer has the batch neither while the span lives, though it waits for operations, nor a part of it.
#[test]
fn what_is_appended_in_a_span_is_one_commit() {
    World::new().with(|store, world| {
        for _ in 0..100 {
            let span = store.atomic_scope();
            let commits: Vec<_> = (2..6)
                .map(|number| {
                    let commit = accepted(store.append(&mut vec![open_session(number)]));
                    (0..50).for_each(|_| std::thread::yield_now());
                    assert!(store.committed() < commit);
                    commit
                })
                .collect();
            drop(span);
            assert!(commits.iter().all(|commit| *commit == commits[0]), "{commits:?}");
            world.watch.committed(commits[0]);
        }
    });
}

#[test]
fn an_entry_completed_within_its_batch_never_reaches_the_disk() {
    World::new().with(|store, world| {
        hold(store, world);
        let before = store.stats().file_bytes;
        let large = message("t", &vec![7; 1 << 20]);
        let at = key(1, 1, 0);
        accepted(store.append(&mut vec![enqueue(at, &large)]));
        accepted(store.append(&mut vec![Operation::Send { key: at, packet_id: id(1) }]));
        accepted(store.append(&mut vec![Operation::Release { key: at, packet_id: id(1), order: 1 }]));
        let commit = accepted(store.append(&mut vec![Operation::Complete { key: at }]));
        world.watch.release();
        world.watch.committed(commit);
        assert_eq!(content(store).len(), 1);
        assert!(store.stats().file_bytes < before + 100_000);
    });
}

#[test]
fn a_session_closed_within_its_batch_leaves_nothing() {
    World::new().with(|store, world| {
        hold(store, world);
        let body = message("t", b"x");
        let session = SessionId(2);
        let mut operations = vec![
            open_session(2),
            Operation::Subscribe { session, record: subscription("a/#") },
            enqueue(key(2, 1, 0), &body),
            enqueue(key(1, 1, 0), &body),
            Operation::Receive { session, packet_id: id(4) },
            Operation::CloseSession { session },
        ];
        let commit = accepted(store.append(&mut operations));
        world.watch.release();
        world.watch.committed(commit);
        let lines = content(store);
        assert_eq!(lines.len(), 3, "session 1, its entry and the body: {lines:#?}");
        assert_eq!(store.stats().bodies, 1);
    });
}

#[test]
fn a_body_is_stored_once_and_goes_with_the_last_entry() {
    let mut world = World::new();
    let body = message("t", &vec![7; 100_000]);
    let entries = |store: &dyn Store| (content(store).len(), store.stats().bodies);
    world.with(|store, world| {
        let empty = store.stats().file_bytes;
        let operations =
            (1..=100).flat_map(|number| [open_session(number), enqueue(key(number, 1, 0), &body)]);
        world.commit(store, operations.collect());
        assert_eq!(entries(store), (201, 1));
        // In the log it is beside its table for a while.
        assert!(store.stats().file_bytes < empty + 400_000);
        world.commit(store, vec![Operation::CloseSession { session: SessionId(100) }]);
        assert_eq!(entries(store), (199, 1));
    });
    world.with(|store, world| {
        let completes = (2..100).map(|number| Operation::Complete { key: key(number, 1, 0) });
        world.commit(store, completes.collect());
        assert_eq!(entries(store), (101, 1));
        world.commit(store, vec![Operation::Release { key: key(1, 1, 0), packet_id: id(1), order: 0 }]);
        assert_eq!(entries(store), (100, 0));
    });
}

#[test]
fn closing_the_store_commits_what_was_appended() {
    let mut world = World::new();
    world.with(|store, world| {
        hold(store, world);
        let body = message("t", b"x");
        accepted(store.append(&mut vec![enqueue(key(1, 1, 0), &body)]));
        world.watch.release();
    });
    assert_eq!(world.reopened_content().len(), 3);
}

#[test]
fn operations_on_what_is_gone_do_nothing() {
    World::new().with(|store, world| {
        let at = key(9, 9, 9);
        let operations = vec![
            Operation::Send { key: at, packet_id: id(1) },
            Operation::Complete { key: key(9, 9, 8) },
            Operation::Unsubscribe { session: SessionId(9), filter: Arc::from("a") },
            Operation::ReleaseReceived { session: SessionId(9), packet_id: id(1) },
            Operation::Unretain { tenant: Arc::from("t"), topic: Arc::from("a") },
            Operation::CloseSession { session: SessionId(9) },
        ];
        world.commit(store, operations);
        assert_eq!(content(store), [""; 0]);
    });
}

/// The message of a released entry is gone: a late SEND cannot ask for it.
#[test]
fn a_released_entry_stays_released() {
    World::new().with(|store, world| {
        let (at, body) = (key(1, 1, 0), message("t", b"x"));
        world.commit(store, vec![open_session(1), enqueue(at, &body)]);
        world.commit(store, vec![Operation::Release { key: at, packet_id: id(2), order: 3 }]);
        world.commit(store, vec![Operation::Send { key: at, packet_id: id(2) }]);
        let lines = content(store);
        assert!(
            lines.len() == 2
                && lines[1].contains("Released")
                && lines[1].contains(&format!("{:?}", QoS::AtLeastOnce))
        );
    });
}

#[test]
fn entries_are_read_in_the_order_of_their_messages() {
    World::new().with(|store, world| {
        let numbers = [300, 2, 65_536, 1, 256];
        let body = message("t", b"x");
        let entries = numbers.iter().map(|number| enqueue(key(1, *number, 0), &body));
        world.commit(store, std::iter::once(open_session(1)).chain(entries).collect());
        let mut read = Vec::new();
        store
            .load(&mut |item, _| {
                if let tidegate_persistence::Item::Entry(key, _) = item {
                    read.push(key.message.0);
                }
            })
            .unwrap();
        assert_eq!(read, [1, 2, 256, 300, 65_536]);
    });
}
