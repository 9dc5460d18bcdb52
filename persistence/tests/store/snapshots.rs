//! A snapshot is one state, whatever is committed meanwhile, and opens as a store.

use std::fs;

use tidegate_persistence::{Operation, SnapshotError, Store};

use crate::samples::{enqueue, key, message, open_session};
use crate::world::{World, content};

#[test]
fn a_snapshot_opens_and_holds_one_state() {
    let mut world = World::new();
    let mut copy = World::new();
    let file = world.path().join("copy");
    let store = world.open();
    world.commit(&store, (1..=2).map(open_session).collect());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..=300 {
                // Both sessions or none: one call stays together.
                let body = message("t", &vec![number as u8; 2000]);
                world.commit(&store, [1, 2].map(|session| enqueue(key(session, number, 0), &body)).to_vec());
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
fn a_file_that_is_there_is_not_touched() {
    let mut world = World::new();
    let file = world.path().join("copy");
    fs::write(&file, "mine").unwrap();
    world.with(|store, _| {
        assert!(matches!(store.snapshot(&file), Err(SnapshotError::Io { .. })));
        assert!(matches!(store.snapshot(&file.join("x")), Err(SnapshotError::Io { .. })));
    });
    assert_eq!(fs::read(&file).unwrap(), b"mine");
}
