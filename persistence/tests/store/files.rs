//! Files that are not a store of this version are refused, each for its own reason, and are not changed.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;

use tidegate_persistence::{OpenError, Store};

use crate::samples::{enqueue, key, message, open_session};
use crate::world::World;

/// A folder with a store of some size.
fn filled() -> World {
    let mut world = World::new();
    world.with(|store, world| {
        let entries = (1..50).map(|number| enqueue(key(1, number, 0), &message("t", &vec![1; 10_000])));
        world.commit(store, std::iter::once(open_session(1)).chain(entries).collect());
        world.commit(store, vec![open_session(2)]);
    });
    world
}

fn error(world: &mut World) -> OpenError {
    let before = fs::read(world.data()).unwrap_or_default();
    let error = world.try_open().err().expect("it is refused");
    assert_eq!(fs::read(world.data()).unwrap_or_default(), before, "the file is as it was");
    assert!(!error.to_string().is_empty());
    error
}

#[test]
fn a_second_owner_is_kept_out() {
    let mut world = filled();
    let store = world.open();
    let folder = world.config.folder.clone();
    assert!(matches!(error(&mut world), OpenError::InUse(at) if at == folder));
    drop(store);
    world.open();
}

#[test]
fn a_file_that_lost_its_end_is_told() {
    let mut world = filled();
    let whole = fs::metadata(world.data()).unwrap().len();
    let used = world.with(|store, _| store.stats().file_bytes);
    let cut = |length: u64| File::options().write(true).open(world.data()).unwrap().set_len(length).unwrap();
    assert!(used < whole, "the file has a hole behind what is in use");
    cut(used);
    assert_eq!(world.reopened_content().len(), 100, "nothing was lost yet");
    for length in [used - 1, 3 * 4096, 8192, 8191, 4096] {
        let cut =
            |length: u64| File::options().write(true).open(world.data()).unwrap().set_len(length).unwrap();
        cut(length);
        assert!(
            matches!(error(&mut world), OpenError::Truncated { found, .. } if found == length),
            "{length}"
        );
    }
    File::options().write(true).open(world.data()).unwrap().set_len(100).unwrap();
    assert!(matches!(error(&mut world), OpenError::NotAStore(..)));
}

#[test]
fn something_else_is_told() {
    let mut world = World::new();
    fs::create_dir_all(&world.config.folder).unwrap();
    for content in [&b"x"[..], &[0; 4096], &[7; 100_000]] {
        fs::write(world.data(), content).unwrap();
        assert!(matches!(error(&mut world), OpenError::NotAStore(..)));
    }
}

#[test]
fn another_format_of_the_engine_is_told() {
    let mut world = filled();
    let file = File::options().write(true).open(world.data()).unwrap();
    for page in [0, 4096] {
        file.write_all_at(&9_u32.to_ne_bytes(), page + 20).unwrap();
    }
    assert!(matches!(error(&mut world), OpenError::NotAStore(..)));
}

/// Replaces the bytes where they stand, once.
fn patch(file: &Path, from: &[u8], to: &[u8]) {
    let mut bytes = fs::read(file).unwrap();
    let mut count = 0;
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            count += 1;
        }
    }
    assert!(count > 0);
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let mut world = filled();
    patch(&world.data(), b"schema\x02\0\0\0", b"schema\x03\0\0\0");
    let error = error(&mut world);
    assert!(matches!(error, OpenError::NewerSchema { found: 3, known: 2 }), "{error}");
    patch(&world.data(), b"schema\x03\0\0\0", b"schema\0\0\0\0");
    assert!(matches!(world.try_open(), Err(OpenError::Corrupt(_))));
    patch(&world.data(), b"schema\0\0\0\0", b"schema\x02\0\0\0");
    world.open();
}

#[test]
fn a_broken_record_is_named() {
    let mut world = filled();
    patch(&world.data(), b"client-2", b"client\xfe2");
    let store = world.open();
    let error = store.load(&mut |_, _| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the record 0000000000000002 in sessions is not valid: not a valid archive"
    );
    assert_eq!(store.check().unwrap().faults, [error.to_string()]);
}

#[test]
fn a_folder_that_cannot_be_is_told() {
    let mut world = World::new();
    let file = world.path().join("file");
    fs::write(&file, "").unwrap();
    world.config.folder = file.clone();
    assert!(matches!(world.try_open(), Err(OpenError::Io { path, .. }) if path == file));
    world.config.folder = file.with_file_name("store");
    fs::create_dir_all(world.data()).unwrap();
    assert!(matches!(world.try_open(), Err(OpenError::Io { path, .. }) if path == world.data()));
}

#[test]
fn a_file_that_may_not_be_read_is_told() {
    let mut world = filled();
    fs::set_permissions(world.data(), fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(world.data()).is_ok() {
        return; // For the superuser there is no such file.
    }
    let error = world.try_open().err().expect("it is refused");
    assert!(matches!(error, OpenError::Io { path, .. } if path == world.data()));
}

#[test]
fn what_a_start_left_half_done_is_no_hindrance() {
    let mut world = World::new();
    fs::create_dir_all(world.config.folder.join("new")).unwrap();
    fs::write(world.config.folder.join("new/data.mdb"), "half").unwrap();
    fs::write(world.config.folder.join("anchor"), "half").unwrap();
    world.with(|store, world| world.commit(store, vec![open_session(1)]));
    assert!(!world.config.folder.join("new").exists() && !world.config.folder.join("anchor").exists());
    assert_eq!(world.reopened_content().len(), 1);
}

#[test]
fn sizes_that_make_no_sense_are_told() {
    let mut world = World::new();
    world.config.size_initial = world.config.size_max + 1;
    assert!(matches!(world.try_open(), Err(OpenError::Config(_))));
}

#[test]
fn a_file_made_and_never_filled_is_a_new_store() {
    let mut world = World::new();
    fs::create_dir_all(&world.config.folder).unwrap();
    fs::write(world.data(), "").unwrap();
    assert_eq!(world.reopened_content(), [""; 0]);
}
