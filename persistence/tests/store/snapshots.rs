//! A snapshot contains one consistent state, even if other changes are committed while it is written, and can be opened
//! as a store.

use std::fs;

use tidegate_persistence::{Maintenance, Operation, SnapshotError};

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
        assert!(matches!(store.snapshot(&file), Err(SnapshotError::Exists(at)) if at == file));
        assert!(matches!(store.snapshot(&file.join("x")), Err(SnapshotError::Io { .. })));
    });
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}
