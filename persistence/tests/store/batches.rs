//! Group commit: operations appended during a commit share the next commit, which is reported once. Operations that
//! cancel each other within a batch are never written.

use std::sync::Arc;

use tidegate_mqtt::QoS;
use tidegate_persistence::{Commit, Directory, Disk, Journal, Operation, SessionId, Store};

use crate::harness::{Harness, accepted, content};
use crate::samples::{enqueue, id, key, message, open_session, subscription};

/// Commits one session, and then blocks the writer in its call of the observer.
fn commit_and_hold_writer(store: &Disk, harness: &Harness) {
    harness.watch.hold_writer();
    accepted(store.append(&mut vec![open_session(1)]));
    harness.watch.wait_until_held();
}

#[test]
fn operations_appended_during_a_commit_share_the_next_commit() {
    Harness::new().with_store(|store, harness| {
        commit_and_hold_writer(store, harness);
        let commits: Vec<_> =
            (2..102).map(|number| accepted(store.append(&mut vec![open_session(number)]))).collect();
        assert!(commits.iter().all(|commit| *commit == Commit(2)), "{commits:?}");
        assert_eq!(store.latest_commit(), Commit(1));
        harness.watch.release_writer();
        harness.watch.wait_for_commit(Commit(2));
        assert_eq!(harness.watch.commit_calls(), 2);
        assert_eq!((store.stats().commits, store.stats().operations), (2, 101));
        assert_eq!(content(store).len(), 101);
    });
}

/// While the scope exists, the writer takes neither the batch nor a part of it.
#[test]
fn operations_in_an_atomic_scope_share_one_commit() {
    Harness::new().with_store(|store, harness| {
        for _ in 0..100 {
            let scope = store.atomic_scope();
            let commits: Vec<_> = (2..6)
                .map(|number| {
                    let commit = accepted(store.append(&mut vec![open_session(number)]));
                    (0..50).for_each(|_| std::thread::yield_now());
                    assert!(store.latest_commit() < commit);
                    commit
                })
                .collect();
            drop(scope);
            assert!(commits.iter().all(|commit| *commit == commits[0]), "{commits:?}");
            harness.watch.wait_for_commit(commits[0]);
        }
    });
}

#[test]
fn an_entry_completed_within_its_batch_never_reaches_the_disk() {
    Harness::new().with_store(|store, harness| {
        commit_and_hold_writer(store, harness);
        let before = store.stats().file_bytes;
        let large = message("t", &vec![7; 1 << 20]);
        let entry_key = key(1, 1, 0);
        accepted(store.append(&mut vec![enqueue(entry_key, &large)]));
        accepted(store.append(&mut vec![Operation::Send { key: entry_key, packet_id: id(1) }]));
        accepted(store.append(&mut vec![Operation::Release { key: entry_key, packet_id: id(1), order: 1 }]));
        let commit = accepted(store.append(&mut vec![Operation::Complete { key: entry_key }]));
        harness.watch.release_writer();
        harness.watch.wait_for_commit(commit);
        assert_eq!(content(store).len(), 1);
        assert!(store.stats().file_bytes < before + 100_000);
    });
}

#[test]
fn a_session_closed_within_its_batch_leaves_nothing() {
    Harness::new().with_store(|store, harness| {
        commit_and_hold_writer(store, harness);
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
        harness.watch.release_writer();
        harness.watch.wait_for_commit(commit);
        let lines = content(store);
        assert_eq!(lines.len(), 3, "session 1, its entry and the body: {lines:#?}");
        assert_eq!(store.stats().bodies, 1);
    });
}

#[test]
fn a_body_is_stored_once_and_deleted_with_its_last_entry() {
    let mut harness = Harness::new();
    let body = message("t", &vec![7; 100_000]);
    let entries = |store: &dyn Store| (content(store).len(), store.stats().bodies);
    harness.with_store(|store, harness| {
        let empty = store.stats().file_bytes;
        let operations =
            (1..=100).flat_map(|number| [open_session(number), enqueue(key(number, 1, 0), &body)]);
        harness.commit(store, operations.collect());
        assert_eq!(entries(store), (201, 1));
        // The body may be in the log and in its table at the same time for a while.
        assert!(store.stats().file_bytes < empty + 400_000);
        harness.commit(store, vec![Operation::CloseSession { session: SessionId(100) }]);
        assert_eq!(entries(store), (199, 1));
    });
    harness.with_store(|store, harness| {
        let completes = (2..100).map(|number| Operation::Complete { key: key(number, 1, 0) });
        harness.commit(store, completes.collect());
        assert_eq!(entries(store), (101, 1));
        harness.commit(store, vec![Operation::Release { key: key(1, 1, 0), packet_id: id(1), order: 0 }]);
        assert_eq!(entries(store), (100, 0));
    });
}

#[test]
fn closing_the_store_commits_appended_operations() {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| {
        commit_and_hold_writer(store, harness);
        let body = message("t", b"x");
        accepted(store.append(&mut vec![enqueue(key(1, 1, 0), &body)]));
        harness.watch.release_writer();
    });
    assert_eq!(harness.reopened_content().len(), 3);
}

#[test]
fn operations_on_missing_records_have_no_effect() {
    Harness::new().with_store(|store, harness| {
        let entry_key = key(9, 9, 9);
        let operations = vec![
            Operation::Send { key: entry_key, packet_id: id(1) },
            Operation::Complete { key: key(9, 9, 8) },
            Operation::Unsubscribe { session: SessionId(9), filter: Arc::from("a") },
            Operation::ReleaseReceived { session: SessionId(9), packet_id: id(1) },
            Operation::Unretain { tenant: Arc::from("t"), topic: Arc::from("a") },
            Operation::CloseSession { session: SessionId(9) },
        ];
        harness.commit(store, operations);
        assert_eq!(content(store), [""; 0]);
    });
}

/// The body of a released entry is deleted, so a late `Send` must not change the entry back to a state that needs the
/// body.
#[test]
fn a_released_entry_stays_released() {
    Harness::new().with_store(|store, harness| {
        let (entry_key, body) = (key(1, 1, 0), message("t", b"x"));
        harness.commit(store, vec![open_session(1), enqueue(entry_key, &body)]);
        harness.commit(store, vec![Operation::Release { key: entry_key, packet_id: id(2), order: 3 }]);
        harness.commit(store, vec![Operation::Send { key: entry_key, packet_id: id(2) }]);
        let lines = content(store);
        assert!(
            lines.len() == 2
                && lines[1].contains("Released")
                && lines[1].contains(&format!("{:?}", QoS::AtLeastOnce))
        );
    });
}

#[test]
fn entries_load_in_message_id_order() {
    Harness::new().with_store(|store, harness| {
        let numbers = [300, 2, 65_536, 1, 256];
        let body = message("t", b"x");
        let entries = numbers.iter().map(|number| enqueue(key(1, *number, 0), &body));
        harness.commit(store, std::iter::once(open_session(1)).chain(entries).collect());
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
