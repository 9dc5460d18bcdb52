//! Tests of restoring a snapshot: a copy of the snapshot becomes the store, and the former data file is kept.

use std::fs;
use std::path::PathBuf;

use tidegate_persistence::{Durability, OpenError, ReadError, ReadOnly, RestoreError, restore};

use crate::harness::Harness;
use crate::read_only::filled_store;
use crate::samples::{enqueue, key, message, open_session};

/// Creates a store, and a snapshot of it.
fn store_with_snapshot() -> (Harness, PathBuf) {
    let harness = filled_store();
    let target = harness.path().join("copy");
    ReadOnly::open(&harness.config.folder).unwrap().copy_to(&target).unwrap();
    (harness, target)
}

/// Creates another store, which contains one session.
fn other_store() -> Harness {
    let mut other = Harness::new();
    other.with_store(|store, harness| harness.commit(store, vec![open_session(77)]));
    other
}

fn names(harness: &Harness) -> Vec<String> {
    let entries = fs::read_dir(&harness.config.folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "lock.mdb");
    names.sort();
    names
}

#[test]
fn a_snapshot_is_restored_into_a_new_folder() {
    let (mut harness, target) = store_with_snapshot();
    let mut fresh = Harness::new();
    let restored = restore(&target, &fresh.config.folder, false).unwrap();
    assert_eq!((restored.written.records, restored.former), (8, None));
    assert_eq!(names(&fresh), ["data.mdb", "tidegate.lock"]);
    assert_eq!(fresh.reopened_content(), harness.reopened_content());
}

#[test]
fn a_store_is_replaced_only_on_request_and_its_former_file_is_kept() {
    let (mut harness, target) = store_with_snapshot();
    let mut other = other_store();
    let former_content = other.reopened_content();
    let refused = restore(&target, &other.config.folder, false).unwrap_err();
    assert!(matches!(refused, RestoreError::Exists(at) if at == other.data()));
    assert_eq!(other.reopened_content(), former_content);
    let restored = restore(&target, &other.config.folder, true).unwrap();
    let former = restored.former.unwrap();
    assert_eq!(former, other.config.folder.join("data.mdb.former"));
    assert_eq!(other.reopened_content(), harness.reopened_content());
    // A second restore does not overwrite `data.mdb.former`.
    let second = restore(&target, &other.config.folder, true).unwrap().former.unwrap();
    assert_ne!(second, former);
    assert_eq!(names(&other), ["data.mdb", "data.mdb.former", "data.mdb.former.2", "tidegate.lock"]);
    fs::rename(&former, other.data()).unwrap();
    assert_eq!(other.reopened_content(), former_content);
}

#[test]
fn the_sync_point_of_the_replaced_store_is_not_applied_to_the_new_one() {
    let (mut harness, target) = store_with_snapshot();
    let mut image = Harness::new();
    let mut interval = other_store();
    interval.config.durability = Durability::Interval;
    interval.config.interval = std::time::Duration::from_secs(60);
    let store = interval.open();
    fs::create_dir_all(&image.config.folder).unwrap();
    for (from, to) in [("data.mdb", "data.mdb"), ("anchor", "anchor.failed")] {
        fs::copy(interval.config.folder.join(from), image.config.folder.join(to)).unwrap();
    }
    drop(store);
    let former = restore(&target, &image.config.folder, true).unwrap().former.unwrap();
    assert_eq!(names(&image), ["data.mdb", "data.mdb.former", "tidegate.lock"]);
    assert_eq!(image.reopened_content(), harness.reopened_content());
    fs::rename(&former, image.data()).unwrap();
    assert_eq!(image.reopened_content(), interval.reopened_content());
}

#[test]
fn an_open_store_is_not_replaced() {
    let (_harness, target) = store_with_snapshot();
    let mut other = other_store();
    let store = other.open();
    let refused = restore(&target, &other.config.folder, true).unwrap_err();
    assert!(matches!(refused, RestoreError::Folder(OpenError::InUse(_))), "{refused}");
    other.commit(&store, vec![open_session(78)]);
    drop(store);
    assert_eq!(other.reopened_content().len(), 2);
}

#[test]
fn an_inconsistent_snapshot_is_refused() {
    let mut inconsistent = Harness::new();
    inconsistent
        .with_store(|store, harness| harness.commit(store, vec![enqueue(key(5, 1, 0), &message("t", b"x"))]));
    let target = inconsistent.path().join("copy");
    ReadOnly::open(&inconsistent.config.folder).unwrap().copy_to(&target).unwrap();
    let fresh = Harness::new();
    let refused = restore(&target, &fresh.config.folder, false).unwrap_err();
    assert!(
        matches!(&refused, RestoreError::Inconsistent(at, findings) if *at == target && findings.faults.len() == 1)
    );
    assert!(refused.to_string().contains("1 faults, the first: entry of message 1"), "{refused}");
    let other = target.with_file_name("other");
    fs::write(&other, "something else").unwrap();
    for wrong in [target.with_file_name("none"), other] {
        let refused = restore(&wrong, &fresh.config.folder, true).unwrap_err();
        assert!(matches!(refused, RestoreError::Snapshot(ReadError::Missing(_) | ReadError::Open(_))));
    }
    assert!(!fresh.config.folder.exists(), "nothing was made");
}

#[test]
fn files_of_an_interrupted_restore_are_removed() {
    let (mut harness, target) = store_with_snapshot();
    let mut other = other_store();
    fs::create_dir(other.config.folder.join("new")).unwrap();
    fs::write(other.config.folder.join("new/data.mdb"), "half").unwrap();
    restore(&target, &other.config.folder, true).unwrap();
    assert!(!names(&other).contains(&"new".to_owned()));
    assert_eq!(other.reopened_content(), harness.reopened_content());
}
