//! A store is read by another process while it works on, and by whoever likes when nobody has it.

use std::fs;

use tidegate_persistence::{
    Contents, Durability, OpenError, Operation, ReadError, ReadOnly, SnapshotError, TenantContents,
};

use crate::samples::{enqueue, id, key, message, open_session, subscription};
use crate::world::{World, content};

mod beside;
mod other_process;

/// A folder with a store of each kind of record.
pub fn filled() -> World {
    let mut world = World::new();
    world.with(|store, world| {
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
        world.commit(store, operations);
    });
    world
}

fn id_of(session: u64) -> tidegate_persistence::SessionId {
    tidegate_persistence::SessionId(session)
}

#[test]
fn everything_is_counted() {
    let world = filled();
    let Contents { tenants, used_bytes, file_bytes, map_bytes, .. } = contents(&world);
    let expected = Contents {
        schema: 2,
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
    assert_eq!(contents(&world), expected);
    let blue = TenantContents { sessions: 0, retained: 1 };
    assert_eq!(tenants.get("blue"), Some(&blue), "{tenants:?}");
    assert_eq!(tenants.values().map(|tenant| tenant.sessions).sum::<u64>(), 2);
    assert!(9000 < used_bytes && used_bytes <= file_bytes && file_bytes < map_bytes, "{expected:?}");
    assert_eq!(map_bytes, fs::metadata(world.data()).unwrap().len());
}

fn contents(world: &World) -> Contents {
    ReadOnly::beside(&world.config.folder).unwrap().contents().unwrap()
}

#[test]
fn reading_changes_nothing() {
    let mut world = filled();
    let before = fs::read(world.data()).unwrap();
    let mut store = ReadOnly::beside(&world.config.folder).unwrap();
    let findings = store.check().unwrap();
    assert_eq!((findings.records, findings.faults.len()), (8, 0));
    let mut lines = Vec::new();
    store.load(&mut |item, _| lines.push(format!("{item:?}"))).unwrap();
    drop(store);
    assert_eq!(fs::read(world.data()).unwrap(), before);
    assert_eq!(world.reopened_content(), lines);
}

#[test]
fn a_copy_is_whole_and_opens() {
    let mut world = filled();
    let place = world.path().join("copy");
    let mut store = ReadOnly::beside(&world.config.folder).unwrap();
    let written = store.copy_to(&place).unwrap();
    assert_eq!((written.records, written.bytes), (8, fs::metadata(&place).unwrap().len()));
    assert_eq!(names(&world), ["copy", "store"], "nothing else is left");
    let mut copy = ReadOnly::snapshot(&place).unwrap();
    assert_eq!(copy.check().unwrap().records, 8);
    assert_eq!(copy.contents().unwrap().tenants, store.contents().unwrap().tenants);
    // A second copy does not replace it.
    let again = store.copy_to(&place).unwrap_err();
    assert!(
        matches!(&again, ReadError::Snapshot(SnapshotError::Io { path, .. }) if *path == place),
        "{again}"
    );
    assert!(matches!(store.copy_to(&place.join("x")), Err(ReadError::Snapshot(SnapshotError::Io { .. }))));
    drop((store, copy));
    let mut other = World::new();
    fs::create_dir_all(&other.config.folder).unwrap();
    fs::copy(&place, other.data()).unwrap();
    assert_eq!(other.reopened_content(), world.reopened_content());
}

fn names(world: &World) -> Vec<String> {
    let entries = fs::read_dir(world.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn error(world: &World) -> ReadError {
    let before = fs::read(world.data()).unwrap_or_default();
    let error = ReadOnly::beside(&world.config.folder).err().expect("it is refused");
    assert_eq!(fs::read(world.data()).unwrap_or_default(), before, "the file is as it was");
    error
}

#[test]
fn what_is_no_store_is_refused() {
    let world = World::new();
    assert!(matches!(error(&world), ReadError::Missing(at) if at == world.config.folder));
    assert!(!world.config.folder.exists(), "no folder was made");
    fs::create_dir_all(&world.config.folder).unwrap();
    assert!(matches!(error(&world), ReadError::Missing(_)));
    assert_eq!(fs::read_dir(&world.config.folder).unwrap().count(), 0, "no file was made");
    fs::write(world.data(), "").unwrap();
    assert!(matches!(error(&world), ReadError::Open(OpenError::NotAStore(..))));
    fs::write(world.data(), [7; 9000]).unwrap();
    assert!(matches!(error(&world), ReadError::Open(OpenError::NotAStore(..))));
    assert!(matches!(ReadOnly::snapshot(&world.path().join("no")), Err(ReadError::Missing(_))));
}

#[test]
fn what_is_not_sound_is_refused() {
    let world = filled();
    let place = world.path().join("copy");
    ReadOnly::beside(&world.config.folder).unwrap().copy_to(&place).unwrap();
    let whole = fs::read(&place).unwrap();
    fs::write(&place, &whole[..whole.len() - 4096]).unwrap();
    assert!(matches!(ReadOnly::snapshot(&place), Err(ReadError::Open(OpenError::Truncated { .. }))));
    let at = whole.windows(10).position(|bytes| bytes == b"schema\x02\0\0\0").unwrap();
    let mut newer = whole;
    newer[at + 6] = 3;
    fs::write(&place, newer).unwrap();
    let refused = ReadOnly::snapshot(&place).err().expect("it is refused");
    assert!(matches!(refused, ReadError::Open(OpenError::NewerSchema { found: 3, known: 2 })), "{refused}");
}

#[test]
fn the_file_of_a_working_store_is_no_snapshot() {
    let mut world = filled();
    let store = world.open();
    let refused = ReadOnly::snapshot(&world.data()).err().expect("it is refused");
    assert!(matches!(refused, ReadError::Open(OpenError::InUse(at)) if at == world.data()));
    drop(store);
    assert_eq!(ReadOnly::snapshot(&world.data()).unwrap().check().unwrap().records, 8);
}

#[test]
fn a_store_that_has_to_go_back_is_refused_until_it_did() {
    let mut world = filled();
    world.config.durability = Durability::Interval(std::time::Duration::from_secs(60));
    let mut image = World::new();
    let store = world.open();
    fs::create_dir_all(&image.config.folder).unwrap();
    for name in ["data.mdb", "anchor"] {
        fs::copy(world.config.folder.join(name), image.config.folder.join(name)).unwrap();
    }
    let lines = content(&store);
    drop(store);
    // The process died, the machine runs on: the state in the page cache is the newest.
    assert_eq!(ReadOnly::beside(&image.config.folder).unwrap().check().unwrap().records, 8);
    let anchor = image.config.folder.join("anchor");
    fs::rename(&anchor, anchor.with_file_name("anchor.failed")).unwrap();
    assert!(matches!(error(&image), ReadError::Unsettled(at) if at == image.config.folder));
    assert_eq!(image.reopened_content(), lines);
    assert_eq!(ReadOnly::beside(&image.config.folder).unwrap().check().unwrap().records, 8);
}
