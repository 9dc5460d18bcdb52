//! Tests that a store can be read by another process while it is open, and by any process while it is closed.

use std::fs;

use tidegate_persistence::{
    Contents, Durability, OpenError, Operation, ReadError, ReadOnly, SnapshotError, TenantContents,
};

use crate::harness::{Harness, content};
use crate::samples::{enqueue, id, key, message, open_session, subscription};

mod other_process;
mod while_open;

/// Creates a folder with a store that has each kind of record.
pub fn filled_store() -> Harness {
    let mut harness = Harness::new();
    harness.with_store(|store, harness| {
        let body = message("t", &[7; 9000]);
        let retained =
            Operation::Retain { tenant: "blue".into(), message: message("r", b"x"), expires_at: None };
        let operations = vec![
            open_session(1),
            open_session(2),
            Operation::Subscribe { session: id_of(1), record: subscription("a/#") },
            enqueue(key(1, 1, 0), &body),
            enqueue(key(2, 1, 0), &body),
            Operation::Receive { session: id_of(2), packet_id: id(9) },
            retained,
        ];
        harness.commit(store, operations);
    });
    harness
}

fn id_of(session: u64) -> tidegate_persistence::SessionId {
    tidegate_persistence::SessionId(session)
}

#[test]
fn contents_counts_every_kind_of_record() {
    let harness = filled_store();
    let Contents { tenants, used_bytes, file_bytes, map_bytes, .. } = contents(&harness);
    let expected = Contents {
        schema: 3,
        sessions: 2,
        subscriptions: 1,
        messages: 1,
        entries: 2,
        received: 1,
        retained: 1,
        used_bytes,
        file_bytes,
        map_bytes,
        tenants: tenants.clone(),
    };
    assert_eq!(contents(&harness), expected);
    let blue = TenantContents { sessions: 0, retained: 1 };
    assert_eq!(tenants.get("blue"), Some(&blue), "{tenants:?}");
    assert_eq!(tenants.values().map(|tenant| tenant.sessions).sum::<u64>(), 2);
    assert!(9000 < used_bytes && used_bytes <= file_bytes && file_bytes < map_bytes, "{expected:?}");
    assert_eq!(map_bytes, fs::metadata(harness.data()).unwrap().len());
}

fn contents(harness: &Harness) -> Contents {
    ReadOnly::open(&harness.config.folder).unwrap().contents().unwrap()
}

#[test]
fn reading_does_not_change_the_file() {
    let mut harness = filled_store();
    let before = fs::read(harness.data()).unwrap();
    let mut store = ReadOnly::open(&harness.config.folder).unwrap();
    let findings = store.check().unwrap();
    assert_eq!((findings.records, findings.faults.len()), (8, 0));
    let mut lines = Vec::new();
    store.load(&mut |item, _| lines.push(format!("{item:?}"))).unwrap();
    drop(store);
    assert_eq!(fs::read(harness.data()).unwrap(), before);
    assert_eq!(harness.reopened_content(), lines);
}

#[test]
fn a_copy_is_complete_and_opens_as_a_store() {
    let mut harness = filled_store();
    let target = harness.path().join("copy");
    let mut store = ReadOnly::open(&harness.config.folder).unwrap();
    let written = store.copy_to(&target).unwrap();
    assert_eq!((written.records, written.bytes), (8, fs::metadata(&target).unwrap().len()));
    assert_eq!(names(&harness), ["copy", "store"], "nothing else is left");
    let mut copy = ReadOnly::open_snapshot(&target).unwrap();
    assert_eq!(copy.check().unwrap().records, 8);
    assert_eq!(copy.contents().unwrap().tenants, store.contents().unwrap().tenants);
    // A second copy does not overwrite the first.
    let again = store.copy_to(&target).unwrap_err();
    assert!(matches!(&again, ReadError::Snapshot(SnapshotError::Exists(path)) if *path == target), "{again}");
    assert!(matches!(store.copy_to(&target.join("x")), Err(ReadError::Snapshot(SnapshotError::Io { .. }))));
    drop((store, copy));
    let mut other = Harness::new();
    fs::create_dir_all(&other.config.folder).unwrap();
    fs::copy(&target, other.data()).unwrap();
    assert_eq!(other.reopened_content(), harness.reopened_content());
}

fn names(harness: &Harness) -> Vec<String> {
    let entries = fs::read_dir(harness.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn error(harness: &Harness) -> ReadError {
    let before = fs::read(harness.data()).unwrap_or_default();
    let error = ReadOnly::open(&harness.config.folder).err().expect("it is refused");
    assert_eq!(fs::read(harness.data()).unwrap_or_default(), before, "the file is as it was");
    error
}

#[test]
fn a_path_without_a_store_is_refused() {
    let harness = Harness::new();
    assert!(matches!(error(&harness), ReadError::Missing(at) if at == harness.config.folder));
    assert!(!harness.config.folder.exists(), "no folder was made");
    fs::create_dir_all(&harness.config.folder).unwrap();
    assert!(matches!(error(&harness), ReadError::Missing(_)));
    assert_eq!(fs::read_dir(&harness.config.folder).unwrap().count(), 0, "no file was made");
    fs::write(harness.data(), "").unwrap();
    assert!(matches!(error(&harness), ReadError::Open(OpenError::Empty(_))));
    fs::write(harness.data(), [7; 9000]).unwrap();
    assert!(matches!(error(&harness), ReadError::Open(OpenError::NotAStore(..))));
    assert!(matches!(ReadOnly::open_snapshot(&harness.path().join("no")), Err(ReadError::Missing(_))));
}

#[test]
fn a_truncated_or_newer_snapshot_is_refused() {
    let harness = filled_store();
    let target = harness.path().join("copy");
    ReadOnly::open(&harness.config.folder).unwrap().copy_to(&target).unwrap();
    let whole = fs::read(&target).unwrap();
    fs::write(&target, &whole[..whole.len() - 4096]).unwrap();
    assert!(matches!(ReadOnly::open_snapshot(&target), Err(ReadError::DamagedSnapshot { .. })));
    let at = whole.windows(10).position(|bytes| bytes == b"schema\x03\0\0\0").unwrap();
    let mut newer = whole;
    newer[at + 6] = 4;
    // Remove the checksum, so that the snapshot is refused because of its schema.
    newer[256..288].fill(0);
    fs::write(&target, newer).unwrap();
    let refused = ReadOnly::open_snapshot(&target).err().expect("it is refused");
    assert!(matches!(refused, ReadError::Open(OpenError::NewerSchema { found: 4, known: 3 })), "{refused}");
}

#[test]
fn the_data_file_of_an_open_store_is_refused_as_a_snapshot() {
    let mut harness = filled_store();
    let store = harness.open();
    let refused = ReadOnly::open_snapshot(&harness.data()).err().expect("it is refused");
    assert!(matches!(refused, ReadError::Open(OpenError::InUse(at)) if at == harness.data()));
    drop(store);
    assert_eq!(ReadOnly::open_snapshot(&harness.data()).unwrap().check().unwrap().records, 8);
}

#[test]
fn a_store_that_needs_recovery_is_refused_until_it_has_been_opened() {
    let mut harness = filled_store();
    harness.config.durability = Durability::Interval;
    harness.config.interval = std::time::Duration::from_secs(60);
    let mut image = Harness::new();
    let store = harness.open();
    fs::create_dir_all(&image.config.folder).unwrap();
    for name in ["data.mdb", "anchor"] {
        fs::copy(harness.config.folder.join(name), image.config.folder.join(name)).unwrap();
    }
    let lines = content(&store);
    drop(store);
    // The sync point was written during the present boot, so no crash is assumed and the newest state is read.
    assert_eq!(ReadOnly::open(&image.config.folder).unwrap().check().unwrap().records, 8);
    let sync_point = image.config.folder.join("anchor");
    fs::rename(&sync_point, sync_point.with_file_name("anchor.failed")).unwrap();
    assert!(matches!(error(&image), ReadError::NeedsRecovery(at) if at == image.config.folder));
    assert_eq!(image.reopened_content(), lines);
    assert_eq!(ReadOnly::open(&image.config.folder).unwrap().check().unwrap().records, 8);
}
