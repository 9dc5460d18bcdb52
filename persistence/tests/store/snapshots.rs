//! A snapshot contains one consistent state, even if other changes are committed while it is written, and can be opened
//! as a store.

use std::fs;
use std::path::Path;

use parking_lot::Mutex;
use tidegate_persistence::{Contents, Journal, Maintenance, Operation, ReadError, ReadOnly, SnapshotError};

use crate::harness::{Harness, content};
use crate::samples::{enqueue, key, message, open_session};

#[test]
fn a_snapshot_is_one_consistent_state_and_opens() {
    let mut harness = Harness::new();
    let mut copy = Harness::new();
    let file = harness.path().join("copy");
    let store = harness.open();
    harness.commit(&store, (1..=2).map(open_session).collect());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..=300 {
                // Both entries are appended in one call, so the snapshot has both or none.
                let body = message("t", &vec![number as u8; 2000]);
                harness
                    .commit(&store, [1, 2].map(|session| enqueue(key(session, number, 0), &body)).to_vec());
            }
        });
        while store.stats().commits < 20 {
            std::thread::yield_now();
        }
        store.snapshot(&file).unwrap();
        writer.join().unwrap();
    });
    fs::create_dir_all(&copy.config.folder).unwrap();
    fs::copy(&file, copy.data()).unwrap();
    let opened = copy.open();
    let lines = content(&opened);
    assert_eq!(opened.check().unwrap().faults, [""; 0]);
    assert!(lines.len() > 20 && (lines.len() - 2).is_multiple_of(3), "{}", lines.len());
    copy.commit(&opened, vec![Operation::Complete { key: key(1, 1, 0) }]);
    assert_eq!(content(&opened).len(), lines.len() - 1);
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let mut harness = Harness::new();
    let file = harness.path().join("copy");
    fs::write(&file, "mine").unwrap();
    harness.with_store(|store, _| {
        assert!(
            matches!(store.snapshot(&file), Err(ReadError::Snapshot(SnapshotError::Exists(at))) if at == file)
        );
        assert!(matches!(
            store.snapshot(&file.join("x")),
            Err(ReadError::Snapshot(SnapshotError::Io { .. }))
        ));
    });
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}

/// Checks what [`Maintenance`] reports of a store with 4 records, and writes a snapshot.
fn maintain(store: &dyn Maintenance, file: &Path) {
    let Contents { sessions, entries, messages, .. } = store.contents().unwrap();
    assert_eq!((sessions, entries, messages), (2, 1, 1));
    let findings = store.check().unwrap();
    assert!(findings.is_clean(), "{:?}", findings.faults);
    let written = store.snapshot(file).unwrap();
    assert_eq!((written.records, findings.records), (4, 4));
    assert_eq!(written.bytes, fs::metadata(file).unwrap().len());
}

#[test]
fn maintenance_is_the_same_for_an_open_store_a_closed_store_and_a_snapshot() {
    let mut harness = Harness::new();
    let files = ["a", "b", "c"].map(|name| harness.path().join(name));
    harness.with_store(|store, harness| {
        let mut operations: Vec<_> = (1..=2).map(open_session).collect();
        operations.push(enqueue(key(1, 1, 0), &message("t", b"x")));
        harness.commit(store, operations);
        maintain(store, &files[0]);
    });
    maintain(&Mutex::new(ReadOnly::open(&harness.config.folder).unwrap()), &files[1]);
    maintain(&Mutex::new(ReadOnly::open_snapshot(&files[0]).unwrap()), &files[2]);
}
